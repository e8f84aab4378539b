"""Compiled networks compute the same, are compiled for shapes and not for nudges, and a failure is told and survived.

The graphs are found by torch.compile as ever and run by PyTorch's "aot_eager" backend, which takes a moment where the
C++ of "inductor" takes minutes; one test lets inductor itself fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.config.methods import TrainConfig
from engine.methods.arrangement import arrange
from engine.methods.build import build_method
from engine.methods.compilation import Compiler
from engine.methods.method import Method
from engine.networks.convolutions import compute_by
from engine.protocol import events as ev
from tests.engine.methods.stepping import CPU
from tests.engine.methods.test_arrangement import batches, course
from tests.runs import engine_of, events_of, make_run, tiny_config

ON = "run.compile=on"


@pytest.fixture(autouse=True)
def nothing_compiled_yet() -> Iterator[None]:
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def unheard(fact: str) -> None:
    raise AssertionError(fact)


def compiled(config: TrainConfig) -> tuple[Method, Compiler]:
    method, compiler = build_method(config, CPU), Compiler(unheard, backend="aot_eager")
    compiler.compile(method.networks.values())
    return method, compiler


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("cyclegan", ["run.precision=bf16"]),
        ("pix2pix", []),
        ("discogan", []),
        ("aegan", []),
    ],
)
def test_compiled_networks_compute_the_same(kind: str, settings: list[str]) -> None:
    config = tiny_config(*settings, ON, kind=kind)
    method, compiler = compiled(config)
    shown = batches(config, 2)
    tolerance = 0.02 if config.run.precision == "bf16" else 1e-5
    for found, wanted in zip(course(method, shown), course(build_method(config, CPU), shown), strict=True):
        assert found == pytest.approx(wanted, rel=tolerance, abs=1e-6)
    assert compiler.compiled >= len(method.networks) - 2  # networks of one architecture share a program


def test_a_nudge_compiles_nothing_and_another_size_of_batch_once() -> None:
    config = tiny_config(ON, "run.batch=2")
    method, compiler = compiled(config)
    smaller = tiny_config(ON, "run.batch=1")
    for batch in batches(config, 2):
        method.step(batch)
    settled = compiler.compiled
    method.set_control("loss.cycle_a", 3.0)
    method.set_control("loss.identity", 0.2)
    for group in method.optimizers["G"].param_groups:
        group["lr"] = 1e-5
    for batch in batches(config, 2):
        method.step(batch)
    assert compiler.compiled == settled
    method.step(batches(smaller, 1)[0])
    of_the_end = compiler.compiled
    assert settled < of_the_end <= 2 * settled
    for batch in (*batches(config, 2), *batches(smaller, 2)):
        method.step(batch)
    assert compiler.compiled == of_the_end


def test_pictures_are_made_without_compiling() -> None:
    config = tiny_config(ON)
    method, compiler = compiled(config)
    [batch] = batches(config, 1)
    wanted = build_method(config, CPU).sample(batch)
    for row, expected in zip(method.sample(batch), wanted, strict=True):
        for name, images in row.items():
            assert torch.equal(images, expected[name])
    assert compiler.compiled == 0


def test_winograd_convolutions_are_right_among_compiled_layers() -> None:
    config = tiny_config(ON)
    method, compiler = compiled(config)
    plain = build_method(config, CPU)
    for network in (*method.networks.values(), *plain.networks.values()):
        compute_by("fast", network)
    shown = batches(config, 2)
    for ours, wanted in zip(course(method, shown), course(plain, shown), strict=True):
        assert ours == pytest.approx(wanted, rel=1e-5), "the last layer is not folded among compiled ones"
    assert compiler.compiled > 0


def test_every_network_but_averages_is_compiled_under_its_own_keys() -> None:
    config = tiny_config(ON, "optim.ema=0.9")
    method, plain = build_method(config, CPU), build_method(config, CPU)
    arrange(method, config, CPU, unheard)
    for name, network in method.networks.items():
        assert network.state_dict().keys() == plain.networks[name].state_dict().keys()
        assert (network._compiled_call_impl is not None) == (name not in method.averages), name


def test_what_wgan_gp_differentiates_is_left_out_and_that_is_told() -> None:
    config = tiny_config(ON, "loss.gan=wgan-gp")
    method, told = build_method(config, CPU), list[str]()
    arrange(method, config, CPU, told.append)
    assert [name for name, network in method.networks.items() if network._compiled_call_impl is None] == ["D_A", "D_B"]
    [fact] = told
    assert "wgan-gp" in fact


def test_a_compiler_that_fails_is_told_once_and_the_step_is_done_all_the_same() -> None:
    config = tiny_config(ON)
    method, told = build_method(config, CPU), list[str]()
    Compiler(told.append, backend="no such compiler").compile(method.networks.values())
    shown = batches(config, 2)
    assert course(method, shown) == course(build_method(config, CPU), shown)
    [fact] = told
    assert fact.startswith("has failed: ")


def test_a_machine_without_a_cxx_compiler_trains_and_its_journal_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", str(tmp_path / "no-compiler"))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    run = make_run(tmp_path, ON, "run.steps=2", kind="discogan")  # whose networks are soonest found not to compile
    with engine_of(run) as engine:
        assert engine.ended() == 0
    [alert] = events_of(run, ev.Alert)
    assert alert.subject == 'run.compile = "on"'
    assert "no-compiler" in alert.fact
    assert len(events_of(run, ev.Finished)) == 1
