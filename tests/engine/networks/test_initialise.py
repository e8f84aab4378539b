"""The distributions of the first weights."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
from torch import nn

from engine.config.methods import CycleGanConfig
from engine.config.networks import (
    AutoencoderGenerator,
    DecoderGenerator,
    ImageDiscriminator,
    Init,
    Norm,
    PatchDiscriminator,
)
from engine.config.techniques import idle_settings
from engine.networks.autoencoder import build_autoencoders
from engine.networks.classifier import DigitClassifier
from engine.networks.discriminators import build_discriminator
from engine.networks.generators import build_generator
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


@pytest.mark.parametrize("init", get_args(Init))
@pytest.mark.parametrize("norm", get_args(Norm))
def test_the_gain_changes_weights_wherever_the_configuration_does_not_call_it_idle(init: Init, norm: Norm) -> None:
    config = PatchDiscriminator(width=4, layers=1, norm=norm, init=init)

    def weights(gain: float) -> list[torch.Tensor]:
        network = build_discriminator(config, 3)
        initialise(network, init, gain, torch.Generator().manual_seed(0))
        return list(network.state_dict().values())

    unchanged = all(torch.equal(a, b) for a, b in zip(weights(0.02), weights(0.5), strict=True))
    assert unchanged == ("discriminator.init_gain" in idle_settings(CycleGanConfig(discriminator=config)))


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


@pytest.mark.parametrize("init", get_args(Init))
def test_every_network_is_covered_and_follows_from_the_seed(init: Init) -> None:
    def networks(seed: int) -> list[nn.Module]:
        made = [
            DigitClassifier(2),
            build_generator(DecoderGenerator(width=2, norm="group"), 4, 3),
            build_discriminator(ImageDiscriminator(width=2, minibatch=3), 3),
            *build_autoencoders(AutoencoderGenerator(width=2, blocks=2, shared=1), 3).values(),
        ]
        for network in made:
            initialise(network, init, 0.02, torch.Generator().manual_seed(seed))
        return made

    for network, same, other in zip(networks(1), networks(1), networks(2), strict=True):
        weights, others = network.state_dict(), other.state_dict()
        assert all(torch.equal(value, same.state_dict()[key]) for key, value in weights.items())
        assert not any(torch.equal(value, others[key]) for key, value in weights.items() if value.ndim > 1)


def test_pytorchs_own_distribution_is_that_of_a_new_layer() -> None:
    """Its convolutions are uniform up to 1 / sqrt(fan in), biases too; the gain has no part in it."""
    layer = drawn("pytorch", 7.0)
    bound = 1 / math.sqrt(FAN_IN)
    assert layer.weight.abs().max().item() == pytest.approx(bound, rel=0.01)
    assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert layer.bias is not None
    assert 0.8 * bound < layer.bias.abs().max().item() <= bound


def test_pytorchs_own_batch_normalisation_starts_over() -> None:
    layer = nn.BatchNorm2d(4)
    for value in layer.state_dict().values():
        value.fill_(7)
    initialise(layer, "pytorch", 0.02, torch.Generator().manual_seed(0))
    assert [value.flatten()[0].item() for value in layer.state_dict().values()] == [1, 0, 0, 1, 0]


def test_layers_drawn_one_after_another_from_a_generator_differ() -> None:
    draws = torch.Generator().manual_seed(0)
    first, second = nn.Linear(4, 4), nn.Linear(4, 4)
    initialise(first, "pytorch", 0.02, draws)
    initialise(second, "pytorch", 0.02, draws)
    assert not torch.equal(first.weight, second.weight)


@pytest.mark.parametrize("init", ["normal", "pytorch"])
def test_a_layer_that_no_rule_covers_is_refused_whatever_the_distribution(init: Init) -> None:
    with pytest.raises(TypeError, match="PReLU"):
        initialise(nn.Sequential(nn.PReLU()), init, 0.02, torch.Generator())
