"""What a discriminator judges: patches of the size that its layers give, or pixels."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.config.geometry import patch_map_side, receptive_field
from engine.config.networks import PatchDiscriminator, PixelDiscriminator
from engine.networks.discriminators import build_discriminator


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_the_map_has_the_side_that_the_arithmetic_says(layers: int) -> None:
    discriminator = build_discriminator(PatchDiscriminator(width=1, layers=layers), 3)
    for side in (96, 101, 128):
        expected = patch_map_side(layers, side)
        assert discriminator(torch.zeros(1, 3, side, side)).shape == (1, 1, expected, expected)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_one_judgement_depends_on_exactly_its_receptive_field(layers: int) -> None:
    discriminator = build_discriminator(PatchDiscriminator(width=2, layers=layers, norm="none"), 1)
    for parameter in discriminator.parameters():
        nn.init.constant_(parameter, 0.1)
    image = torch.ones(1, 1, 4 * receptive_field(layers), 4 * receptive_field(layers), requires_grad=True)
    judgements = discriminator(image)
    middle = judgements.shape[-1] // 2
    judgements[0, 0, middle, middle].backward()
    assert image.grad is not None
    assert int((image.grad[0, 0].abs().sum(dim=0) > 0).sum()) == receptive_field(layers)


def test_published_size() -> None:
    with torch.device("meta"):
        discriminator = build_discriminator(PatchDiscriminator(), 3)
    assert sum(parameter.numel() for parameter in discriminator.parameters()) == 2_764_737


def test_pixels_are_judged_by_themselves() -> None:
    discriminator = build_discriminator(PixelDiscriminator(width=2, norm="none"), 3)
    image = torch.rand(1, 3, 8, 8)
    changed = image.clone()
    changed[0, :, 3, 5] += 0.5
    differs = (discriminator(image) != discriminator(changed))[0, 0]
    assert differs.nonzero().tolist() == [[3, 5]]
