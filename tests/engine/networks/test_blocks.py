"""Building blocks that PyTorch's own do not suffice for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.networks.blocks import (
    InstanceNorm,
    ReflectionPad,
    doubling,
    has_channels_last,
    normalisation,
    reflected,
    resize_doubling,
)


@pytest.mark.parametrize("by", [1, 3])
@pytest.mark.parametrize("side", [4, 7])
def test_padding_from_slices_is_pytorchs_with_its_gradient(by: int, side: int) -> None:
    draws = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, side, side + 1, generator=draws, dtype=torch.float64, requires_grad=True)
    ours, theirs = reflected(x, by), nn.ReflectionPad2d(by)(x)
    assert torch.equal(ours, theirs)
    weights = torch.randn(ours.shape, generator=draws, dtype=torch.float64)
    [our_gradient] = torch.autograd.grad((ours * weights).sum(), x)
    [their_gradient] = torch.autograd.grad((theirs * weights).sum(), x)
    assert torch.allclose(our_gradient, their_gradient, rtol=1e-12, atol=1e-12)


def test_padding_has_no_parameters_and_pads_as_ever() -> None:
    x = torch.arange(12.0).reshape(1, 1, 3, 4)
    assert not ReflectionPad(1).state_dict()
    assert torch.equal(ReflectionPad(2)(x), nn.ReflectionPad2d(2)(x))


@pytest.mark.parametrize("by", [1, 3])
def test_padding_from_slices_leaves_channels_together(by: int) -> None:
    x = torch.randn(2, 4, 8, 8).to(memory_format=torch.channels_last).requires_grad_()
    padded = reflected(x, by)
    assert has_channels_last(padded)
    assert torch.equal(padded, nn.ReflectionPad2d(by)(x))


def test_instance_normalisation_leaves_channels_together_and_has_the_same_gradient() -> None:
    usual = torch.randn(3, 4, 8, 6, dtype=torch.float64, requires_grad=True)
    together = usual.detach().to(memory_format=torch.channels_last).requires_grad_()
    layer, theirs = InstanceNorm(4), nn.InstanceNorm2d(4)
    weights = torch.randn(3, 4, 8, 6, dtype=torch.float64)
    assert has_channels_last(layer(together))
    assert not has_channels_last(layer(usual))
    for x in (usual, together):
        assert torch.allclose(layer(x), theirs(usual), rtol=1e-12, atol=1e-12)
        [gradient] = torch.autograd.grad((layer(x) * weights).sum(), x)
        [wanted] = torch.autograd.grad((theirs(usual) * weights).sum(), usual)
        assert torch.allclose(gradient, wanted, rtol=1e-10, atol=1e-12)


def test_the_layout_of_maps_of_one_pixel_is_the_usual_one() -> None:
    assert not has_channels_last(torch.randn(2, 4, 1, 1).to(memory_format=torch.channels_last))
    assert has_channels_last(torch.randn(2, 4, 2, 2).to(memory_format=torch.channels_last))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")
def test_a_step_has_the_same_gradient_each_time_where_determinism_is_asked_for() -> None:
    x = torch.randn(4, 64, 64, 64, device="cuda", requires_grad=True)
    torch.use_deterministic_algorithms(True)
    try:
        first, *others = [torch.autograd.grad(ReflectionPad(3)(x).square().sum(), x)[0] for _ in range(10)]
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(first, other) for other in others)


@pytest.mark.parametrize(
    ("channels", "groups"), [(512, 32), (128, 32), (64, 16), (100, 25), (10, 2), (8, 2), (4, 1), (3, 1)]
)
def test_groups_are_at_most_32_of_at_least_4_channels(channels: int, groups: int) -> None:
    layer = normalisation("group", channels)
    maps = 3 + 2 * torch.randn(2, channels, 6, 6, generator=torch.Generator().manual_seed(0))
    of_groups = layer(maps).reshape(2, groups, -1)
    torch.testing.assert_close(of_groups.mean(dim=2), torch.zeros(2, groups), atol=1e-4, rtol=0)
    torch.testing.assert_close(of_groups.var(dim=2, correction=0), torch.ones(2, groups), atol=1e-3, rtol=0)
    assert [parameter.shape for parameter in layer.parameters()] == [(channels,), (channels,)]


@pytest.mark.parametrize("channels", [2, 3, 8, 16, 32, 100])
def test_group_normalisation_keeps_what_a_single_pixel_says(channels: int) -> None:
    """As instance normalisation would not: of one channel by itself only 0 is left."""
    pixels = torch.randn(2, channels, 1, 1, generator=torch.Generator().manual_seed(0))
    assert normalisation("group", channels)(pixels).abs().amax(dim=(1, 2, 3)).min() > 0.5


def unevenness(layers: list[nn.Module]) -> float:
    """How much the pixels of an enlarged map differ, its border left out, where the map was plain."""
    with torch.no_grad():
        enlarged = nn.Sequential(*layers)(torch.ones(1, 4, 8, 8))
    assert enlarged.shape == (1, 8, 16, 16)
    return float(enlarged[..., 2:-2, 2:-2].std(dim=(2, 3)).max())


def test_resize_convolution_draws_no_checkerboard() -> None:
    """The same weights at every pixel: what is plain stays plain. A transposed convolution's differ by parity."""
    torch.manual_seed(0)
    assert unevenness(resize_doubling(4, 8, "none")) < 1e-6
    assert unevenness(doubling(4, 8, "none")) > 1e-3
