"""The step that the engine is compared with does the same work, and the program that compares them writes its rows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.plain.build import PlainTrainer, build_plain, take_weights
from engine.batch import ImageBatch
from engine.config.methods import CONFIGS, TrainConfig
from engine.methods.aegan import AeGan
from engine.methods.cyclegan import CycleGan
from engine.methods.discogan import DiscoGan
from engine.methods.dtn import Dtn
from engine.methods.pix2pix import Pix2Pix
from tests.benchmarks.reports import assert_it_can_be_repeated, environment_of_a_user, environment_of_an_engine
from tests.runs import tiny_config

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "step.py"
CPU = torch.device("cpu")

METHODS = {"cyclegan": CycleGan, "pix2pix": Pix2Pix, "discogan": DiscoGan, "dtn": Dtn, "aegan": AeGan}
AS_PUBLISHED = {
    "cyclegan": ["run.batch=2", "optim.pool=3"],
    "pix2pix": ["optim.pool=0", "generator.downs=6", "data.crop=64", "data.resize=64"],
    "discogan": ["run.batch=3"],
    "dtn": ["method.f_steps=0"],
    "aegan": ["optim.pool=0", "loss.class_a=0", "loss.class_b=0"],
}
"""What makes a tiny run of each method one that the plain implementations know: pools that fill up, dropout, turns."""


@pytest.mark.parametrize(("dtype", "steps", "tolerance"), [(torch.float32, 4, 1e-5), (torch.float64, 7, 1e-9)], ids=str)
@pytest.mark.parametrize("kind", CONFIGS)
def test_plain_and_engine_have_the_same_losses_step_by_step(
    kind: str, dtype: torch.dtype, steps: int, tolerance: float
) -> None:
    config = tiny_config(*AS_PUBLISHED[kind], kind=kind)
    method = METHODS[kind](config, CPU, 0, dtype)
    plain = plain_in(dtype, config)
    take_weights(plain, method.networks)
    for number, batch in enumerate(batches(config, steps, dtype)):
        torch.manual_seed(number)  # of dropout
        losses = method.step(batch)
        torch.manual_seed(number)
        expected = plain.step(batch)
        assert losses.keys() == expected.keys()
        found, wanted = ([float(values[name]) for name in expected] for values in (losses, expected))
        assert found == pytest.approx(wanted, rel=tolerance, abs=1e-9), f"step {number + 1}: {', '.join(expected)}"


def test_every_network_of_the_plain_step_learns_but_for_dtns_f() -> None:
    for kind in CONFIGS:
        config = tiny_config(*AS_PUBLISHED[kind], kind=kind)
        plain = build_plain(config, CPU)
        before = {name: first_weight(network) for name, network in plain.networks.items()}
        for batch in batches(config, 2, torch.float32):
            plain.step(batch)
        still = {name for name, network in plain.networks.items() if torch.equal(before[name], first_weight(network))}
        assert still == ({"f"} if kind == "dtn" else set())


def first_weight(network: torch.nn.Module) -> torch.Tensor:
    return next(network.parameters()).detach().clone()


def plain_in(dtype: torch.dtype, config: TrainConfig) -> PlainTrainer:
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return build_plain(config, CPU)
    finally:
        torch.set_default_dtype(usual)


def batches(config: TrainConfig, number: int, dtype: torch.dtype) -> list[ImageBatch]:
    generator = torch.Generator().manual_seed(1)
    shape = (config.run.batch, 3, config.data.crop, config.data.crop)
    images = [torch.rand(shape, generator=generator, dtype=dtype) * 2 - 1 for _ in range(2 * number)]
    return [ImageBatch(real_A=real_A, real_B=real_B) for real_A, real_B in zip(images[::2], images[1::2], strict=True)]


TINY = ["generator.width=4", "generator.blocks=1", "discriminator.width=4", "discriminator.layers=1"]
BRIEFLY = ["--rounds", "2", "--turn", "0.01"]


def run(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), "--device", "cpu", *BRIEFLY, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env or environment_of_an_engine())


def test_the_program_writes_a_row_for_every_combination(tmp_path: Path) -> None:
    written = tmp_path / "step.json"
    asked = ["--methods", "cyclegan", "--sizes", "16", "32", "--precision", "fp32", "tf32", "bf16"]
    done = run(*asked, "--set", *TINY, "--json", str(written), env=environment_of_a_user())
    assert done.returncode == 0, done.stderr
    report = json.loads(written.read_text())
    rows = report["rows"]
    found = [(row["method"], row["size"], row["batch"], row["precision"]) for row in rows]
    assert found == [("cyclegan", size, 1, precision) for size in (16, 32) for precision in ("fp32", "bf16")]
    for row in rows:
        assert row["seconds"] > 0
        assert row["ratio"] == pytest.approx(row["seconds_plain"] / row["seconds"])
        assert row["ratio_least"] <= row["ratio_most"]
        assert row["images_per_second"] == pytest.approx(1 / row["seconds"])
        assert row["share_of_peak"] == pytest.approx(row["flop"] / row["seconds"] / row["peak_flop_per_second"])
        assert row["settings"] == TINY
        assert 0 <= row["losses_differ"] < (1e-5 if row["precision"] == "fp32" else 0.1)
    small, large = rows[0]["flop"], rows[2]["flop"]
    assert 3 * small < large < 5 * small, "four times the pixels"
    assert_it_can_be_repeated(report, done.args)
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len({line.count(" | ") for line in table}) == 1, "as many cells in every line"
    assert len(table) == 2 + len(rows)


def test_what_cannot_be_measured_is_said_and_the_rest_is_measured_once() -> None:
    """No CPU records its steps, so that with and without run.graph are the same there."""
    asked = ["--methods", "cyclegan", "--sizes", "18", "16", "--precision", "fp32", "--graph", "on", "off"]
    done = run(*asked, "--set", *TINY)
    assert done.returncode == 0, done.stderr
    assert "18 px" in done.stderr
    assert "not measured" in done.stderr
    [row] = [line for line in done.stdout.splitlines() if line.startswith("| cyclegan |")]
    assert row.startswith("| cyclegan | 16 |")
    assert "run.graph" not in row


def test_nothing_measured_is_a_failure_and_a_wrong_setting_is_named() -> None:
    done = run("--methods", "cyclegan", "--sizes", "16", "--precision", "fp32", "--set", "generator.widht=4")
    assert done.returncode == 1
    assert "generator.width" in done.stderr


FROM_WITHIN = """
import json, sys
sys.path.insert(0, sys.argv.pop(1))
import step, torch
from measure.duel import CONTENDERS, count_flop
from engine.config.load import resolve, with_settings
flop = [count_flop(resolve(step.published(method, 256, 1), "test"))[0] for method in ("cyclegan", "pix2pix")]
modes = []
for deterministic in ("true", "false"):
    tree = with_settings(step.published("cyclegan", 16, 1), [f"run.deterministic={deterministic}", *sys.argv[1:]])
    for build in CONTENDERS.values():
        build(resolve(tree, "test"), torch.device("cpu"), []).settle()
        modes.append([torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark])
print(json.dumps({"flop": flop, "modes": modes}))
"""
"""In a process of its own, which is left with the settings of PyTorch that were made last."""


@pytest.fixture(scope="module")
def from_within() -> dict[str, Any]:
    """The FLOP of published steps, and the settings of PyTorch with which each contender computes."""
    command = [sys.executable, "-c", FROM_WITHIN, str(PROGRAM.parent), *TINY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_published_step_costs_what_its_preset_says(from_within: dict[str, Any]) -> None:
    """horse2zebra: 1.9 TFLOP a step; facades: 0.09 (presets/)."""
    cyclegan, pix2pix = from_within["flop"]
    assert cyclegan == pytest.approx(1879e9, rel=0.01)
    assert pix2pix == pytest.approx(86.9e9, rel=0.01)


def test_each_of_the_two_computes_with_its_own_settings_of_pytorch(from_within: dict[str, Any]) -> None:
    assert from_within["modes"] == [[True, False], [False, True], [False, True], [False, True]]
