"""Minibatch discrimination: an image is judged beside the others of its batch."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from engine.config.networks import ImageDiscriminator
from engine.networks.discriminators import Verdict, build_discriminator
from engine.networks.image_discriminator import MinibatchDiscrimination


@pytest.mark.parametrize(("minibatch", "depends"), [(0, False), (4, True)])
def test_judgement_depends_on_the_other_images_with_kernels_only(minibatch: int, depends: bool) -> None:
    torch.manual_seed(0)
    config = ImageDiscriminator(width=4, downs=2, norm="none", minibatch=minibatch)
    discriminator = build_discriminator(config, 3).double()
    images = torch.rand(4, 3, 16, 16, dtype=torch.float64)
    others = torch.cat([images[:1], torch.rand(3, 3, 16, 16, dtype=torch.float64)])
    [first], [second] = discriminator(images).logits, discriminator(others).logits
    assert (not torch.allclose(first[0], second[0], rtol=1e-9, atol=1e-12)) == depends


def test_similarity_is_the_papers_formula() -> None:
    layer = MinibatchDiscrimination(features=1, kernels=2)
    with torch.no_grad():
        layer.tensor.copy_(torch.tensor([[[1.0, 0, 0, 0, 0], [0.5, -0.5, 0, 0, 0]]]))
    similar = layer(torch.tensor([[0.0], [1.0], [3.0]]))
    # Both kernels see the distance itself: |x_i - x_j|, and twice a half of it.
    expected = [1 + math.exp(-1) + math.exp(-3), 1 + math.exp(-1) + math.exp(-2), 1 + math.exp(-2) + math.exp(-3)]
    torch.testing.assert_close(similar, torch.tensor([[value, value] for value in expected]))


def test_equal_images_are_as_near_as_can_be_and_a_lone_one_has_itself() -> None:
    layer = MinibatchDiscrimination(features=8, kernels=3)
    features = torch.rand(1, 8)
    assert layer(features.repeat(5, 1)).tolist() == [[5.0] * 3] * 5
    assert layer(features).tolist() == [[1.0] * 3]


def test_similarity_neither_vanishes_nor_saturates_at_first() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(features=4096, kernels=50)
    near = (layer(torch.randn(16, 4096)) - 1) / 15
    assert 1e-3 < near.mean().item() < 0.5


def test_every_weight_of_it_learns() -> None:
    torch.manual_seed(0)
    discriminator = build_discriminator(ImageDiscriminator(width=4, downs=2, minibatch=3), 3)
    verdict: Verdict = discriminator(torch.rand(4, 3, 16, 16))
    nn.functional.softplus(verdict.logits[0]).sum().backward()
    for name, parameter in discriminator.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
