"""Spectral normalisation: what it bounds, what of it is saved, and when it moves."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.config.networks import DiscriminatorConfig, ImageDiscriminator, PatchDiscriminator, PixelDiscriminator
from engine.networks.discriminators import build_discriminator
from engine.networks.initialise import initialise
from engine.networks.spectral import linear_maps

SPECTRAL: list[DiscriminatorConfig] = [
    PatchDiscriminator(width=4, layers=2, spectral=True, scales=2),
    PixelDiscriminator(width=4, spectral=True, count=2),
    ImageDiscriminator(width=4, downs=3, spectral=True, minibatch=2),
]


def largest_singular_values(network: nn.Module) -> list[float]:
    weights = [layer.weight.detach().flatten(1) for layer in linear_maps(network)]
    return [float(torch.linalg.matrix_norm(weight, 2)) for weight in weights]


@pytest.mark.parametrize("config", SPECTRAL, ids=lambda config: type(config).__name__)
def test_every_layer_has_a_largest_singular_value_of_one(config: DiscriminatorConfig) -> None:
    network = build_discriminator(config, 3)
    initialise(network, "normal", 0.5, torch.Generator().manual_seed(0))
    for _ in range(200):
        network(torch.zeros(2, 3, 32, 32))
    network.eval()
    values = largest_singular_values(network)
    assert len(values) >= 3
    assert values == pytest.approx([1.0] * len(values), rel=1e-3)


def test_without_it_they_are_what_was_drawn() -> None:
    network = build_discriminator(PatchDiscriminator(width=4, layers=2), 3)
    initialise(network, "orthogonal", 3.0, torch.Generator().manual_seed(0))
    assert largest_singular_values(network) == pytest.approx([3.0] * 4, rel=1e-4)


def test_training_improves_the_estimate_and_evaluation_leaves_it() -> None:
    network = build_discriminator(SPECTRAL[0], 3)
    images = torch.rand(1, 3, 32, 32)

    def estimates() -> list[torch.Tensor]:
        return [buffer.clone() for name, buffer in network.named_buffers() if name.endswith(("._u", "._v"))]

    before = estimates()
    network.eval()(images)
    assert before and all(torch.equal(old, new) for old, new in zip(before, estimates(), strict=True))
    network.train()(images)
    assert not all(torch.equal(old, new) for old, new in zip(before, estimates(), strict=True))


def test_a_loaded_state_goes_on_bit_for_bit() -> None:
    images = torch.rand(1, 3, 32, 32)
    first, second = build_discriminator(SPECTRAL[0], 3), build_discriminator(SPECTRAL[0], 3)
    first(images)
    second.load_state_dict(first.state_dict())
    for _ in range(2):
        assert all(torch.equal(a, b) for a, b in zip(first(images).logits, second(images).logits, strict=True))
    assert all(torch.equal(value, second.state_dict()[key]) for key, value in first.state_dict().items())


@pytest.mark.parametrize("init", ["normal", "pytorch"])
def test_first_weights_and_estimates_follow_from_the_seed(init: str) -> None:
    networks = [build_discriminator(SPECTRAL[2], 3) for _ in range(3)]
    keys = list(networks[0].state_dict())
    for network, seed in zip(networks, (1, 1, 2), strict=True):
        initialise(network, init, 0.02, torch.Generator().manual_seed(seed))  # type: ignore[arg-type]
    first, same, other = (network.state_dict() for network in networks)
    assert list(first) == keys
    assert all(torch.equal(first[key], same[key]) for key in keys)
    drawn = [key for key in keys if key.endswith(("original", "_u", "_v", "tensor")) and first[key].numel() > 1]
    assert not any(torch.equal(first[key], other[key]) for key in drawn)


def test_the_weight_drawn_is_the_one_before_normalisation() -> None:
    plain, spectral = (
        build_discriminator(PatchDiscriminator(width=4, layers=2, spectral=on), 3) for on in (False, True)
    )
    for network in (plain, spectral):
        initialise(network, "normal", 0.02, torch.Generator().manual_seed(0))
    drawn = [value for key, value in spectral.state_dict().items() if key.endswith(".original")]
    expected = [value for key, value in plain.state_dict().items() if key.endswith(".weight")]
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(drawn, expected, strict=True))
