"""The distributions of the first weights."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
from torch import nn

from engine.config.networks import Init, PatchDiscriminator
from engine.networks.discriminators import build_discriminator
from engine.networks.initialise import initialise

FAN_IN, FAN_OUT = 64 * 9, 128 * 9


def drawn(init: Init, gain: float, seed: int = 0) -> nn.Conv2d:
    layer = nn.Conv2d(64, 128, kernel_size=3)
    initialise(layer, init, gain, torch.Generator().manual_seed(seed))
    return layer


@pytest.mark.parametrize(
    ("init", "deviation"),
    [
        ("normal", 0.02),
        ("xavier", 0.02 * math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ("kaiming", math.sqrt(2 / FAN_IN)),
        ("orthogonal", 0.02 / math.sqrt(FAN_IN)),
    ],
)
def test_spread(init: Init, deviation: float) -> None:
    weight = drawn(init, 0.02).weight
    assert weight.std().item() == pytest.approx(deviation, rel=0.02)
    assert abs(weight.mean().item()) < 0.02 * deviation


def test_orthogonal_rows() -> None:
    rows = drawn("orthogonal", 0.5).weight.flatten(1).double()
    torch.testing.assert_close(rows @ rows.T, 0.25 * torch.eye(128, dtype=torch.float64), atol=1e-6, rtol=0)


@pytest.mark.parametrize("init", get_args(Init))
def test_follows_from_the_seed_and_leaves_the_global_state_alone(init: Init) -> None:
    layers = [nn.Conv2d(64, 128, kernel_size=3) for _ in range(3)]
    before = torch.get_rng_state()
    for layer, seed in zip(layers, (1, 1, 2), strict=True):
        initialise(layer, init, 0.02, torch.Generator().manual_seed(seed))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(layers[0].weight, layers[1].weight)
    assert not torch.equal(layers[0].weight, layers[2].weight)


def test_biases_are_zero_and_batch_normalisation_starts_near_one() -> None:
    network = build_discriminator(PatchDiscriminator(width=64, norm="batch"), 3)
    for value in network.state_dict().values():
        value.fill_(7)
    initialise(network, "normal", 0.02, torch.Generator().manual_seed(0))
    state = network.state_dict()
    assert state["model.0.bias"].eq(0).all()
    assert state["model.9.bias"].eq(0).all()
    assert state["model.9.weight"].mean().item() == pytest.approx(1, abs=0.01)
    assert state["model.9.weight"].std().item() == pytest.approx(0.02, rel=0.2)
    assert state["model.9.running_mean"].eq(0).all()
    assert state["model.9.running_var"].eq(1).all()
    assert state["model.9.num_batches_tracked"] == 0


def test_a_layer_that_no_rule_covers_is_refused() -> None:
    with pytest.raises(TypeError, match="PReLU"):
        initialise(nn.Sequential(nn.PReLU()), "normal", 0.02, torch.Generator())
