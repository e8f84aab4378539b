"""The estimate of what a run takes: what is in it, what lessens it, and what a user is told where it does not fit."""

from __future__ import annotations

import functools
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from engine.config.lighter import lighter
from engine.config.load import resolve, with_settings
from engine.config.methods import CONFIGS, TrainConfig
from engine.memory import estimate, find_shortage, savings, stepped_nowhere
from engine.methods.build import build_method
from engine.protocol import events as ev
from engine.sizes import size_text
from tests.engine.train.here import session_of
from tests.runs import events_of, make_images, make_run, tiny_config

CPU = torch.device("cpu")
FEATURES: list[tuple[str, list[str]]] = [
    *((kind, []) for kind in CONFIGS),
    ("cyclegan", ["loss.gan=wgan-gp", "optim.ema=0.9", "loss.historical=0.1", "loss.tv=0.1"]),
    ("cyclegan", ["discriminator.spectral=true", "discriminator.count=2", "loss.feature_matching=1.0"]),
    ("cyclegan", ["run.batch=2", "generator.dropout=true", "generator.norm=batch", "run.checkpointing=true"]),
    ("pix2pix", ["run.batch=2", "run.accumulate=2", "generator.norm=instance", "discriminator.norm=instance"]),
    ("discogan", ["discriminator.minibatch=4", "run.batch=4"]),
    ("dtn", ["method.f_steps=3"]),
    ("aegan", ["generator.variational=true", "generator.shared=1", "run.batch=2", "run.accumulate=2"]),
]


@pytest.fixture(autouse=True)
def afresh() -> None:
    """Nothing has been estimated before."""
    stepped_nowhere.cache_clear()


def test_an_estimate_is_made_once_for_all_that_steps_do_not_heed() -> None:
    needs = {estimate(tiny_config(*settings)) for settings in ((), ("log.every=7", "run.seed=3", "sample.count=1"))}
    assert (len(needs), stepped_nowhere.cache_info().misses) == (1, 1)
    assert estimate(tiny_config("data.crop=36")) not in needs


@pytest.mark.parametrize(("kind", "settings"), FEATURES)
def test_every_kind_of_run_is_estimated_and_nothing_random_is_drawn_for_it(kind: str, settings: list[str]) -> None:
    before = torch.get_rng_state()
    config = tiny_config(*settings, kind=kind)
    need = estimate(config)
    assert torch.equal(torch.get_rng_state(), before)
    method = build_method(config, CPU)
    held = sum(value.nbytes for network in method.networks.values() for value in network.state_dict().values())
    assert held <= need.networks < 2 * held + 2**20
    trained = sum(parameter.nbytes for network in method.networks.values() for parameter in network.parameters())
    if not settings:
        assert need.peak > 3 * trained, "weights and two moments, at least"


def small(*settings: str) -> TrainConfig:
    """CycleGAN at 64 px, small enough for an estimate to take a moment."""
    tree = {
        "data": {"kind": "synthetic"},
        "generator": {"blocks": 1, "width": 32},
        "discriminator": {"width": 32, "layers": 1},
        "loss": {"identity": 0.0},
        "optim": {"pool": 0},
        "run": {"batch": 2},
    }
    return resolve(with_settings(tree, settings), "test")


@functools.cache
def steps_of(*settings: str) -> int:
    """What the steps of such a run take, estimated once."""
    return estimate(small(*settings)).of_steps


def test_weights_gradients_and_moments_are_counted_exactly() -> None:
    """Of images so small that nothing else counts."""
    config = small("data.crop=16", "run.batch=1", "generator.blocks=2")
    method = build_method(config, CPU)
    weights = sum(parameter.nbytes for network in method.networks.values() for parameter in network.parameters())
    need = estimate(config)
    assert need.networks == pytest.approx(weights, rel=0.01)
    assert need.peak == pytest.approx(4 * weights, rel=0.1)


def test_activations_grow_with_the_image_and_the_batch() -> None:
    low, large, more = (estimate(small(s)).peak for s in ("data.crop=32", "data.crop=64", "run.batch=8"))
    of_a_pixel = (large - low) / (2 * (64**2 - 32**2))
    assert of_a_pixel > 1000
    assert (more - large) / (6 * 64**2) == pytest.approx(of_a_pixel, rel=0.1)


@pytest.mark.parametrize("setting", ["run.checkpointing=true", "run.accumulate=2", "run.precision=bf16"])
def test_what_is_offered_takes_less(setting: str) -> None:
    assert steps_of("run.batch=8", setting) < 0.8 * steps_of("run.batch=8")


def test_what_takes_no_less_is_no_saving() -> None:
    """Of a U-Net's one image checkpointing makes everything again at once, and bfloat16 copies its many weights."""
    config = resolve({"method": {"kind": "pix2pix"}}, "test")
    assert [change.setting for change in lighter(config)] == ["run.checkpointing=true", "run.precision=bf16"]
    assert savings(config, estimate(config).of_steps) == []


def test_an_estimate_makes_nothing_that_has_content() -> None:
    """A layer of 36 TB, of which there are none."""
    assert estimate(small("generator.width=1000000", "generator.blocks=1")).networks > 10**13


def test_nothing_is_told_of_a_run_that_fits() -> None:
    config = small()
    need = steps_of()
    assert find_shortage(config, CPU, need) is None
    assert find_shortage(config, CPU, need - 1) is not None


def test_what_kept_images_take_is_not_free_for_the_steps() -> None:
    config = small()
    need = steps_of()
    assert find_shortage(config, CPU, need + 10**9, kept=10**9) is None
    told = find_shortage(config, CPU, need + 10**9, kept=10**9 + 1)
    assert told is not None
    assert told.fact.endswith("of which the images that are kept take 1.0 GB")
    assert told.fix.startswith("With data.cache=off or ")
    too_little = find_shortage(config, CPU, need - 1, kept=1)
    assert too_little is not None
    assert "data.cache" not in too_little.fix


def test_ranks_that_share_the_memory_take_as_much_each() -> None:
    config = small()
    need = steps_of()
    assert find_shortage(config, CPU, 2 * need, ranks=2) is None
    told = find_shortage(config, CPU, 2 * need - 1, ranks=2)
    assert told is not None
    assert f"the steps take about {size_text(2 * need)}" in told.fact


def test_what_would_fit_is_told_with_its_size() -> None:
    config = small("run.batch=8")
    again, as_ever = steps_of("run.batch=8", "run.checkpointing=true"), steps_of("run.batch=8")
    told = find_shortage(config, torch.device("cuda", 1), again + 1)
    assert told is not None
    assert told.subject == "the memory of cuda:1"
    assert f"about {size_text(as_ever)}" in told.fact
    assert f"{size_text(again)} are free" in told.fact
    assert f"run.checkpointing=true ({size_text(again)})" in told.fix


def test_where_no_single_change_is_enough_the_best_is_told() -> None:
    told = find_shortage(small("run.batch=8"), CPU, 1000)
    assert told is not None
    assert told.fix.startswith("No single change is enough; ")
    assert "run.accumulate=2" in told.fix


def test_a_journal_tells_of_it_before_the_first_step(tmp_path: Path) -> None:
    """A batch of a hundred thousand images: more than any machine that runs this has free."""
    run = make_run(tmp_path, "run.batch=100000", "optim.pool=0")
    with session_of(run):
        pass
    [alert] = events_of(run, ev.Alert)
    assert alert.subject == "the host's memory"
    assert alert.fact.startswith("may not suffice: the steps take about ")
    assert alert.step == 0


@pytest.mark.parametrize("where", ["host", "off"])
def test_a_journal_names_the_images_that_are_to_be_kept(tmp_path: Path, where: str) -> None:
    run = make_run(
        tmp_path, "run.batch=100000", "optim.pool=0", f"data.cache={where}", root=make_images(tmp_path / "data")
    )
    with session_of(run):
        pass
    [alert] = events_of(run, ev.Alert)
    assert ("of which the images that are kept take " in alert.fact) == (where == "host")


class WithoutShapes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A PyTorch that does not know what shape a convolution's result has."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.convolution.default and args[0].is_meta:
            raise NotImplementedError("aten::convolution has no meta kernel")
        return func(*args, **(kwargs or {}))


def test_a_run_begins_whose_steps_cannot_be_estimated(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = make_run(tmp_path, "run.batch=100000", "optim.pool=0")
    with caplog.at_level(logging.WARNING), WithoutShapes(), session_of(run) as session:
        assert session.phase == "warming up"
    assert not events_of(run, ev.Alert)
    assert "what the steps take could not be estimated" in caplog.text
    assert "has no meta kernel" in caplog.text
