"""Building blocks that PyTorch's own do not suffice for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.networks.blocks import ReflectionPad, reflected


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


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")
def test_a_step_has_the_same_gradient_each_time_where_determinism_is_asked_for() -> None:
    x = torch.randn(4, 64, 64, 64, device="cuda", requires_grad=True)
    torch.use_deterministic_algorithms(True)
    try:
        first, *others = [torch.autograd.grad(ReflectionPad(3)(x).square().sum(), x)[0] for _ in range(10)]
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(first, other) for other in others)
