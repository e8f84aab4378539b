"""docs/losses.md against the engine: what it says of a draw is what the losses come to, and its controls are there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import nn

from engine.config.controls import controls_of
from engine.config.losses import GanKind
from engine.config.methods import CONFIGS
from engine.config.sentinels import SentinelConfig
from engine.losses import adversarial_loss
from engine.methods.build import build_method
from engine.methods.method import Method, set_learning_rate
from tests.engine.methods.stepping import CPU, batch
from tests.runs import tiny_config

TEXT = (Path(__file__).parents[1] / "docs/losses.md").read_text(encoding="utf-8")
SYSTEMS = {"CycleGAN": "cyclegan", "pix2pix": "pix2pix", "DiscoGAN": "discogan", "AE-GAN": "aegan", "DTN": "dtn"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table with this heading."""
    table = TEXT[TEXT.index(heading) :].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


LOSSES = rows("| `loss.gan` | D, mean")
DRAWS = rows("| system | `loss.gan` | at a draw |")


@pytest.mark.parametrize("row", LOSSES, ids=lambda row: row[0])
def test_both_players_losses_at_a_draw_and_when_d_has_won(row: list[str]) -> None:
    kind, *_, drawn_D, drawn_G, won_D, won_G = row
    loss = adversarial_loss(next(gan for gan in get_args(GanKind) if gan == kind))
    even = torch.tensor(0.5 if kind == "lsgan" else 0.0)
    sure_of_real, sure_of_fake = {"lsgan": (1.0, 0.0), "hinge": (1.0, -1.0)}.get(kind, (50.0, -50.0))
    real, fake = torch.tensor(sure_of_real), torch.tensor(sure_of_fake)

    def mean(of_real: torch.Tensor, of_fake: torch.Tensor) -> float:
        return float(loss.of_real(of_real, 1.0) + loss.of_fake(of_fake)) / 2

    assert mean(even, even) == pytest.approx(float(drawn_D), abs=5e-4)
    if kind == "wgan-gp":
        assert (drawn_G, won_D, won_G) == ("says nothing", "far below 0", "says nothing")
        assert mean(real, fake) == -50
        return
    assert float(loss.of_generated(even)) == pytest.approx(float(drawn_G), abs=5e-4)
    assert mean(real, fake) == pytest.approx(float(won_D), abs=5e-4)
    expected = 50.0 if won_G == "without bound" else float(won_G.removesuffix(" or more"))
    assert float(loss.of_generated(fake)) == pytest.approx(expected)


def test_every_loss_and_every_system_is_in_its_table() -> None:
    assert [row[0] for row in LOSSES] == ["lsgan", "vanilla", "hinge", "wgan-gp"]
    assert {row[0] for row in LOSSES} == set(get_args(GanKind))
    assert [SYSTEMS[row[0]] for row in DRAWS] == ["cyclegan", "pix2pix", "discogan", "aegan", "dtn"]
    assert set(SYSTEMS.values()) == set(CONFIGS)


@pytest.mark.parametrize("row", DRAWS, ids=lambda row: row[0])
def test_the_curves_of_each_system_at_a_draw(row: list[str]) -> None:
    """A step with discriminators that say the same of every image: a half, or of DTN's three kinds a third each."""
    kind = SYSTEMS[row[0]]
    config = tiny_config(*(["method.f_steps=0"] if kind == "dtn" else []), kind=kind)
    assert row[1] == (config.loss.gan if kind != "dtn" else "(three classes)")
    method = build_method(config, CPU)
    make_undecided(method, 0.5 if row[1] == "lsgan" else 0.0)
    for optimizer in method.optimizers.values():
        set_learning_rate(optimizer, 0)
    images = batch(side=32)
    losses = method.step(replace(images, real_A=images.real_A.float(), real_B=images.real_B.float()))
    said = {name: float(value) for name, value in re.findall(r"(\w+) (\d\.\d+)", row[2])}
    assert len(said) > 2
    assert {name: losses[name].item() for name in said} == pytest.approx(said, abs=5e-4)


def make_undecided(method: Method, says: float) -> None:
    """Let every discriminator say the same of whatever it sees."""
    for name, network in method.networks.items():
        if not name.startswith("D"):
            continue
        for parameter in network.parameters():
            nn.init.zeros_(parameter)
        if says:
            last = [module for module in network.modules() if isinstance(module, nn.Conv2d)][-1]
            assert last.bias is not None
            nn.init.constant_(last.bias, says)


def test_every_control_that_is_named_is_one_of_a_method() -> None:
    named = set(re.findall(r"`((?:loss|optim|sample|log|checkpoint)\.[a-z0-9_]+)", TEXT))
    there = {
        f"{part}.{key}"
        for config in CONFIGS.values()
        for part in ("loss", "optim", "sample", "log", "checkpoint")
        for key in getattr(config(), part).__struct_fields__
    }
    assert named - there == set()
    live = {control.name for config in CONFIGS.values() for control in controls_of(config())}
    assert len(named & live) > 12
    sentinels = set(re.findall(r"`sentinel\.(\w+)", TEXT))
    assert sentinels
    assert sentinels <= set(SentinelConfig.__struct_fields__)
