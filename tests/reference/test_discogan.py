"""Whole training steps of DiscoGAN, of the discriminators and of the generators, at both rates."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor

from engine.batch import ImageBatch
from engine.config.losses import DiscoGanLoss
from engine.config.methods import DiscoGanConfig
from engine.config.schema import RunConfig
from engine.methods.discogan import DiscoGan
from tests.reference import vectors

CASE = vectors.CASES2["disco_step"]
NOTE: str = CASE["note"]
NAMES = [name for name in CASE if name != "note"]
EXACT = 1e-9
"""Ours: the manifest stores its numbers in full."""
THEIRS = {"G_A": "G_B", "G_B": "G_A", "D_A": "D_B", "D_B": "D_A"}
"""Our networks -> the reference's: its generator_B makes B, our G_A does, and our D_A judges what G_A makes."""


@pytest.mark.parametrize("name", NAMES)
def test_losses_and_weights_after_a_step(name: str) -> None:
    method = method_at_start(name)
    losses = method.step(batch())
    assert unweighted(method, losses) == pytest.approx(CASE[name]["losses"], abs=EXACT, rel=EXACT)
    for ours, theirs in THEIRS.items():
        compare_digest(method, ours, CASE[name]["after_digest"][theirs])


def test_every_player_has_its_turn() -> None:
    """The cases would not show it if there were steps of one player alone."""
    assert {name[-1] for name in NAMES} == {"D", "G"}


def method_at_start(name: str) -> DiscoGan:
    """The case's method with the recipe's weights, at a step in which its player is updated."""
    found = re.fullmatch(r"rate([\d.]+)_([DG])", name)
    assert found, name
    rate, player = float(found[1]), found[2]
    config = DiscoGanConfig(
        loss=DiscoGanLoss(rate=rate),
        run=RunConfig(batch=vectors.shape_in(NOTE)[0]),
    )
    method = DiscoGan(config, torch.device("cpu"), 0, torch.float64)
    for ours, theirs in THEIRS.items():
        network = method.networks[ours]
        vectors.load_recipe_weights(network.float(), "ref", f"{theirs}/", vectors.SEED2)
        network.double()
    method.load_state_dict({"steps": torch.tensor(0 if player == "D" else 1)})
    return method


def batch() -> ImageBatch:
    """The case's inputs, which the method takes to [0, 1] itself."""
    shape = vectors.shape_in(NOTE)
    tag_A = vectors.tag_in(NOTE)
    real_A, real_B = (
        vectors.image(tag, shape, torch.float64, vectors.SEED2) for tag in (tag_A, tag_A.replace("A", "B"))
    )
    return ImageBatch(real_A=real_A, real_B=real_B)


def unweighted(method: DiscoGan, losses: dict[str, Tensor]) -> dict[str, float]:
    """Our losses by the reference's names and, but for the totals, without their weights."""
    config = method._config.loss
    values = {name: loss.item() for name, loss in losses.items()}
    rest = 1 - config.rate
    return {
        "recon_A": values["recon_A"] / config.rate,
        "recon_B": values["recon_B"] / config.rate,
        "dis_A": values["D_B"],
        "dis_B": values["D_A"],
        "gen_A": values["G_B"] / config.adversarial / rest,
        "gen_B": values["G_A"] / config.adversarial / rest,
        "fm_A": values["fm_B"] / config.feature_matching / rest,
        "fm_B": values["fm_A"] / config.feature_matching / rest,
        "gen_total": sum(values[name] for name in method.objective),
        "dis_total": values["D_A"] + values["D_B"],
    }


def compare_digest(method: DiscoGan, name: str, digest: list[float]) -> None:
    """The sum and the sum of magnitudes of a network's weights."""
    total, magnitude = digest
    values = [value.detach() for value in method.networks[name].parameters()]
    assert sum(value.sum().item() for value in values) == pytest.approx(total, abs=EXACT * magnitude, rel=0)
    assert sum(value.abs().sum().item() for value in values) == pytest.approx(magnitude, rel=EXACT)
