"""Folding against PyTorch's convolution: values, gradients, and no gradient that no one wants."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from engine.networks import folding
from engine.networks.folding import folded


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("images", "size", "height", "width"), [(1, 7, 9, 12), (3, 3, 3, 5), (2, 1, 4, 4)])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("strip", [1, 25, 4096])
def test_values_and_gradients_are_those_of_the_direct_convolution(
    images: int, size: int, height: int, width: int, biased: bool, strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row by row, some rows at a time, and whole images."""
    monkeypatch.setattr(folding, "STRIP", strip)
    x, weight = drawn(images, 4, height, width).requires_grad_(), drawn(3, 4, size, size, seed=1).requires_grad_()
    bias = drawn(3, seed=2).requires_grad_() if biased else None
    leaves = [x, weight, *([] if bias is None else [bias])]
    ours, theirs = folded(x, weight, bias), F.conv2d(x, weight, bias)
    gradient = drawn(*theirs.shape, seed=3)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    for mine, wanted in zip(
        torch.autograd.grad(ours, leaves, gradient), torch.autograd.grad(theirs, leaves, gradient), strict=True
    ):
        torch.testing.assert_close(mine, wanted, rtol=1e-12, atol=1e-12)


def test_maps_in_another_memory_format() -> None:
    x, weight = drawn(2, 4, 8, 9).contiguous(memory_format=torch.channels_last), drawn(3, 4, 3, 3, seed=1)
    torch.testing.assert_close(folded(x, weight, None), F.conv2d(x, weight), rtol=1e-12, atol=1e-12)
    [ours], [wanted] = (
        torch.autograd.grad(f(leaf := x.clone().requires_grad_(), weight, None).square().sum(), leaf)
        for f in (folded, F.conv2d)
    )
    torch.testing.assert_close(ours, wanted, rtol=1e-12, atol=1e-12)


def products(*, of_x: bool, of_weight: bool) -> int:
    """Operations in the matrix products of a convolution of 4 to 3 channels, forward and backward."""
    x, weight = drawn(1, 4, 8, 8).requires_grad_(of_x), drawn(3, 4, 3, 3, seed=1).requires_grad_(of_weight)
    with FlopCounterMode(display=False) as counter:
        out = folded(x, weight, None)
        if of_x or of_weight:
            out.sum().backward()
    return sum(counter.get_flop_counts()["Global"].values())


def test_no_gradient_that_no_one_wants() -> None:
    once = products(of_x=False, of_weight=False)
    assert once == 2 * 3 * 9 * 4 * 64
    assert products(of_x=True, of_weight=True) == 3 * once
    assert products(of_x=True, of_weight=False) == 2 * once
    assert products(of_x=False, of_weight=True) == 2 * once


def test_its_gradients_can_be_differentiated() -> None:
    x, weight, bias = drawn(2, 2, 4, 5), drawn(2, 2, 3, 3, seed=1), drawn(2, seed=2)
    leaves = tuple(leaf.requires_grad_() for leaf in (x, weight, bias))
    assert torch.autograd.gradcheck(folded, leaves)
    assert torch.autograd.gradgradcheck(folded, leaves)
