"""Memory that runs out is told from other errors, and the advice fits the run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.out_of_memory import advice, is_out_of_memory
from tests.engine.train.here import train_here
from tests.runs import make_run, tiny_config


def test_what_pytorch_raises_when_the_gpus_memory_is_full() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."))


def test_what_pytorch_raises_when_the_machines_memory_is_full() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(MemoryError())


def test_other_errors_are_not_taken_for_it() -> None:
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("not enough memory"))


NOTHING_TO_LOWER = ("run.precision=bf16", "generator.width=1", "method.f_steps=0")
"""Of DTN, with one image in a batch."""


def test_the_advice_names_what_takes_less(tmp_path: Path) -> None:
    assert advice(tiny_config("run.batch=8", "data.crop=32", "generator.width=4"), make_run(tmp_path)) == (
        "Less is taken by gan-tui train PRESET --set run.checkpointing=true "
        "(or run.accumulate=2, run.precision=bf16, run.batch=4, data.crop=16, generator.width=2)"
    )


def test_networks_that_were_trained_keep_their_width(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=1")
    train_here(run)
    small = tiny_config("run.precision=bf16", "run.checkpointing=true")
    assert advice(small, run) == "Less is taken by gan-tui resume tiny --checkpoint latest --set data.crop=16"


def test_what_is_allowed_and_takes_no_less_is_left_out_unless_that_cannot_be_estimated(tmp_path: Path) -> None:
    """Where there are weights and hardly any maps; and where a storage has more bytes than can be counted."""
    run = make_run(tmp_path)
    wide = tiny_config("run.checkpointing=true", "generator.width=1000000")
    assert advice(wide, run) == "Less is taken by gan-tui train PRESET --set generator.width=500000"
    too_wide = tiny_config("run.checkpointing=true", "generator.width=1000000000")
    assert advice(too_wide, run) == (
        "Less is taken by gan-tui train PRESET --set run.precision=bf16 (or data.crop=16, generator.width=500000000)"
    )


@pytest.mark.parametrize(
    ("settings", "recorded"),
    [
        (("run.batch=1",), True),
        (("run.batch=1", "run.graph=off"), False),
        (("run.batch=2", "run.gpus=2"), False),
    ],
    ids=["recorded", "not asked for", "two ranks"],
)
def test_that_nothing_be_recorded_is_advised_where_something_is(
    tmp_path: Path, settings: tuple[str, ...], recorded: bool
) -> None:
    run = make_run(tmp_path, *settings, *NOTHING_TO_LOWER, kind="dtn")
    config = tiny_config(*settings, *NOTHING_TO_LOWER, kind="dtn")
    elsewhere = "Free some of it, or train on another device."
    without = "Less is taken by gan-tui train PRESET --set run.graph=off"
    assert advice(config, run, on_gpu=True) == (without if recorded else elsewhere)
    assert advice(config, run) == elsewhere


def test_the_advice_is_for_as_many_processes_as_ran_out_of_memory(tmp_path: Path) -> None:
    """A run for two that was resumed with one, for which they would refuse a batch of one image."""
    light = ("run.precision=bf16", "generator.width=1", "method.f_steps=0", "run.batch=2")
    run = make_run(tmp_path, *light, "run.gpus=2", kind="dtn")
    alone = tiny_config(*light, kind="dtn")
    assert advice(alone, run) == "Less is taken by gan-tui train PRESET --set run.gpus=1 --set run.batch=1"
    run.config.unlink()  # as seen from another rank's machine
    assert advice(alone, run) == "Less is taken by gan-tui train PRESET --set run.batch=1"


def test_where_nothing_can_be_lowered_memory_must_come_from_elsewhere(tmp_path: Path) -> None:
    config = tiny_config("run.batch=1", *NOTHING_TO_LOWER, kind="dtn")
    assert advice(config, make_run(tmp_path)) == "Free some of it, or train on another device."
