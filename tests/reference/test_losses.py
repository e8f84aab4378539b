"""The adversarial losses of a patch map, and the gradient penalty."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from engine.config.losses import GanKind
from engine.config.networks import PatchDiscriminator
from engine.losses import adversarial_loss, gradient_penalty
from engine.networks.discriminators import build_discriminator
from tests.reference import vectors

CASE = vectors.CASES["gan_losses"]
KINDS: dict[GanKind, str] = {"lsgan": "lsgan", "vanilla": "vanilla", "wgan-gp": "wgangp"}
"""Ours -> the reference's."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", ["real", "fake"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-7)])
def test_value(kind: GanKind, side: str, dtype: torch.dtype, tolerance: float) -> None:
    shape = tuple(vectors.shape_in(CASE["input"]))
    draws = vectors.RECIPE._rs(vectors.SEED, vectors.tag_in(CASE["input"])).standard_normal(shape)
    logits = torch.from_numpy(draws.astype("float32")).to(dtype)
    loss = adversarial_loss(kind)
    value = loss.of_real(logits, 1.0) if side == "real" else loss.of_fake(logits)
    assert value.item() == pytest.approx(CASE["values"][KINDS[kind]][side], abs=tolerance, rel=0)
    if side == "real":
        assert loss.of_generated(logits).item() == pytest.approx(value.item()), (
            "the reference's generator asks the same"
        )


PENALTY = vectors.CASES["gradient_penalty"]


@pytest.mark.parametrize("point", PENALTY["values"])
def test_gradient_penalty(point: str) -> None:
    """At the real images, at the generated ones, and between them."""
    network = discriminator_in(PENALTY["net"])
    vectors.load_recipe_weights(network, "scaled")
    network.double()
    shape = vectors.shape_in(PENALTY["inputs"])
    real, fake = (vectors.image(f"gp_{side}", shape, torch.float64) for side in ("real", "fake"))
    wanted = PENALTY["values"][point]
    ends = {"real": [1.0] * len(real), "fake": [0.0] * len(real)}
    alpha = torch.tensor(ends.get(point) or wanted["alpha"], dtype=torch.float64)
    penalty = gradient_penalty(lambda images: network(images).logits, real, fake, alpha.view(-1, 1, 1, 1))
    assert penalty.item() * PENALTY["lambda_gp"] == pytest.approx(wanted["penalty"], rel=1e-6)


def discriminator_in(text: str) -> nn.Module:
    """What a manifest's "NLayerDiscriminator(channels, width, layers, norm)" means."""
    found = re.search(r"NLayerDiscriminator\((\d+),(\d+),(\d+),instance\)", text)
    assert found, text
    channels, width, layers = (int(number) for number in found.groups())
    return build_discriminator(PatchDiscriminator(width=width, layers=layers), channels)
