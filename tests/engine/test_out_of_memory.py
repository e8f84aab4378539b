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


def test_the_advice_names_what_takes_less(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=1")
    large = tiny_config("run.batch=8", "data.crop=32", "generator.width=4")
    assert advice(large, run) == (
        "Less is taken by gan-tui train PRESET --set run.checkpointing=true "
        "(or run.accumulate=2, run.precision=bf16, run.batch=4, data.crop=16, generator.width=2)"
    )
    assert advice(large, run, on_gpu=True).startswith("Less is taken by gan-tui train PRESET --set run.graph=off (or")
    launched = tiny_config("run.graph=off")
    assert advice(launched, run, on_gpu=True) == advice(launched, run)
    train_here(run)
    small = tiny_config("run.precision=bf16", "run.checkpointing=true")
    assert advice(small, run) == ("Less is taken by gan-tui resume tiny --checkpoint latest --set data.crop=16"), (
        "networks that were trained keep their width"
    )


def test_where_nothing_can_be_lowered_memory_must_come_from_elsewhere(tmp_path: Path) -> None:
    config = tiny_config("run.precision=bf16", "run.batch=1", "generator.width=1", "method.f_steps=0", kind="dtn")
    assert advice(config, make_run(tmp_path)) == "Free some of it, or train on another device."
