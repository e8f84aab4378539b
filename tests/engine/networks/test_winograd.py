"""Winograd's convolution against PyTorch's: values, gradients, their rounding, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from engine.networks import winograd as module
from engine.networks.winograd import winograd

Convolution: TypeAlias = Callable[[Tensor, Tensor, Tensor | None], Tensor]

with_shapes = pytest.mark.parametrize(
    ("images", "channels", "out_channels", "height", "width"),
    [(1, 1, 1, 2, 2), (1, 5, 3, 4, 10), (3, 2, 4, 6, 2), (2, 8, 8, 8, 8)],
)


def drawn(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def with_gradients(convolution: Convolution, x: Tensor, weight: Tensor, bias: Tensor | None) -> list[Tensor]:
    """The result, and the gradient of every argument for one that is the same for each convolution."""
    leaves = [leaf.detach().clone().requires_grad_() for leaf in (x, weight, bias) if leaf is not None]
    out = convolution(leaves[0], leaves[1], leaves[2] if bias is not None else None)
    return [out, *torch.autograd.grad(out, leaves, drawn(*out.shape, seed=9).to(out.dtype))]


@with_shapes
@pytest.mark.parametrize("biased", [True, False])
def test_values_and_gradients_are_those_of_the_direct_convolution(
    images: int, channels: int, out_channels: int, height: int, width: int, biased: bool
) -> None:
    x, weight = drawn(images, channels, height + 2, width + 2), drawn(out_channels, channels, 3, 3, seed=1)
    bias = drawn(out_channels, seed=2) if biased else None
    ours, theirs = with_gradients(winograd, x, weight, bias), with_gradients(F.conv2d, x, weight, bias)
    assert [value.shape for value in ours] == [value.shape for value in theirs]
    for mine, wanted in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("together", [1, 5, 6, 7, 14, 1000])
def test_it_is_the_same_however_many_tiles_are_computed_together(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three images of 4x3 tiles: less than a row, rows that go up in an image or do not, one image, all of them."""
    monkeypatch.setattr(module, "STRIP", together)
    x, weight, bias = drawn(3, 2, 10, 8), drawn(4, 2, 3, 3, seed=1), drawn(4, seed=2)
    for mine, wanted in zip(
        with_gradients(winograd, x, weight, bias), with_gradients(F.conv2d, x, weight, bias), strict=True
    ):
        torch.testing.assert_close(mine, wanted, rtol=1e-12, atol=1e-12)


def test_maps_in_other_memory_formats() -> None:
    x, weight = drawn(2, 4, 6, 8), drawn(3, 4, 3, 3, seed=1)
    x_last, weight_last = (value.contiguous(memory_format=torch.channels_last) for value in (x, weight))
    for mine, wanted in zip(
        with_gradients(winograd, x_last, weight_last, None), with_gradients(F.conv2d, x, weight, None), strict=True
    ):
        torch.testing.assert_close(mine, wanted, rtol=1e-12, atol=1e-12)
    cut = drawn(2, 4, 10, 12)[:, :, 2:8, ::2]
    torch.testing.assert_close(winograd(cut, weight, None), F.conv2d(cut, weight), rtol=1e-12, atol=1e-12)


def test_a_gradient_in_another_memory_format() -> None:
    """As channels_last layers above would pass down."""
    x, weight = drawn(2, 4, 6, 8).requires_grad_(), drawn(3, 4, 3, 3, seed=1)
    gradient = drawn(2, 3, 4, 6, seed=2)
    [wanted] = torch.autograd.grad(F.conv2d(x, weight), x, gradient)
    [ours] = torch.autograd.grad(winograd(x, weight, None), x, gradient.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(ours, wanted, rtol=1e-12, atol=1e-12)


def test_rounding_is_about_that_of_the_direct_convolution() -> None:
    """Root mean square errors in float32 against float64, for the result and each gradient."""
    x, weight, bias = drawn(1, 128, 18, 18), 0.02 * drawn(128, 128, 3, 3, seed=1), drawn(128, seed=2)
    exact = with_gradients(F.conv2d, x, weight, bias)
    direct, ours = (
        [
            float((rounded.detach().double() - true.detach()).norm() / true.detach().norm())
            for rounded, true in zip(with_gradients(f, x.float(), weight.float(), bias.float()), exact, strict=True)
        ]
        for f in (F.conv2d, winograd)
    )
    assert all(mine < 3 * theirs and mine < 1e-6 for mine, theirs in zip(ours, direct, strict=True)), (ours, direct)


def test_no_memory_is_left_unwritten_and_each_time_gives_the_same_bits() -> None:
    """Where determinism is asked for, PyTorch fills new memory with NaN."""
    arguments = drawn(2, 8, 10, 12, dtype=torch.float32), drawn(8, 8, 3, 3, dtype=torch.float32, seed=1), None
    first = with_gradients(winograd, *arguments)
    torch.use_deterministic_algorithms(True)
    try:
        second = with_gradients(winograd, *arguments)
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


def products(*, of_x: bool, of_weight: bool, backward: bool = True) -> int:
    """Operations in the batched products of a convolution of 6 to 5 channels on 8x8 pixels."""
    x, weight = drawn(1, 6, 10, 10).requires_grad_(of_x), drawn(5, 6, 3, 3, seed=1).requires_grad_(of_weight)
    with FlopCounterMode(display=False) as counter:
        out = winograd(x, weight, None)
        if backward:
            out.sum().backward()
    return int(counter.get_flop_counts()["Global"][torch.ops.aten.bmm])


def test_it_takes_four_ninths_of_the_multiplications_and_no_gradient_that_no_one_wants() -> None:
    once = products(of_x=False, of_weight=False, backward=False)
    assert once == 2 * 9 * 6 * 5 * 64 * 4 / 9
    assert products(of_x=True, of_weight=True) == 3 * once
    assert products(of_x=True, of_weight=False) == 2 * once
    assert products(of_x=False, of_weight=True) == 2 * once


def test_its_gradients_can_be_differentiated() -> None:
    x, weight, bias = drawn(1, 2, 4, 6), drawn(2, 2, 3, 3, seed=1), drawn(2, seed=2)
    leaves = tuple(leaf.requires_grad_() for leaf in (x, weight, bias))
    assert torch.autograd.gradcheck(winograd, leaves)
    assert torch.autograd.gradgradcheck(winograd, leaves)
