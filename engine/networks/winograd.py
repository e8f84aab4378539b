"""Convolution with 3x3 weights in 4/9 of the multiplications, by Winograd's minimal filtering F(2x2, 3x3).

Lavin and Gray 2015, "Fast algorithms for convolutional neural networks", arXiv:1509.09308, section 4.1. A tile d of 4x4
pixels and weights g give 2x2 pixels,

    Y = A^T [(G g G^T) * (B^T d B)] A,

where * multiplies element by element and is summed over the channels: at each of the 16 places of a tile a matrix
product of all output channels, input channels and tiles. Tiles start at every second pixel. It is the same sum as the
direct convolution's, in another order; both differ from the exact one by float32's rounding alone (docs/speed.md has
the measured errors). Larger tiles save more and lose digits.

Which layers are computed so: networks.convolutions. In compiled networks a graph ends before such a layer and another
begins after it: what writes into parts of a tensor is run as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from engine.networks.direct import direct_gradients

_A_T = torch.tensor([[1, 1, 1, 0], [0, 1, -1, -1]], dtype=torch.float64)
_G = torch.tensor([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], dtype=torch.float64)
_INVERSE = torch.kron(_A_T, _A_T)
"""What A^T and A do to a tile that is written as a column: (4, 16). B^T takes sums and differences: _b_transposed."""
_OF_WEIGHTS = torch.kron(_G, _G)
"""What G and G^T do to weights that are written as a column: (16, 9)."""
STRIP = 512
"""Tiles that are computed together: enough for a product, and few enough to be in the caches yet when they are used."""
_CENTRE = 5
"""The place of a tile that A^T and A pass on to each of the four pixels as it is."""


def winograd(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The convolution (N, C, H + 2, W + 2) -> (N, K, H, W) with weights (K, C, 3, 3) and a bias (K); H and W even.

    Its gradients are computed alike. Where they are to be differentiated themselves, they are the direct
    convolution's, which PyTorch can differentiate any number of times.
    """
    out: Tensor = _Winograd.apply(x, weight, bias)
    return out


class _Winograd(torch.autograd.Function):
    """Transformed tiles are computed anew for the gradient: keeping them would take four times the input's memory."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        images, _, height, width = x.shape
        weights = _transformed_weights(weight)
        out = x.new_empty(images, len(weight), height - 2, width - 2)
        for some, entering, leaving in _strips(x):
            products = torch.bmm(weights, _transformed(x[some, :, entering]))
            if bias is not None:
                products[_CENTRE] += bias[:, None]
            _pixels(products, out[some, :, leaving])
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        [gradient] = gradients
        x, weight = ctx.saved_tensors
        needed: tuple[bool, bool, bool] = ctx.needs_input_grad
        if torch.is_grad_enabled():
            return direct_gradients(gradient, x, weight, needed)
        weights = _transformed_weights(weight).transpose(1, 2)
        of_x = torch.zeros_like(x) if needed[0] else None
        of_weights = of_bias = None
        for some, entering, leaving in _strips(x):
            strip = x[some, :, entering]
            products = _adjoint_of_pixels(gradient[some, :, leaving])
            if of_x is not None:
                of_x[some, :, entering] += _adjoint(torch.bmm(weights, products), strip.shape)
            if needed[1]:
                tiles = _transformed(strip).transpose(1, 2)
                of_weights = torch.bmm(products, tiles) if of_weights is None else of_weights.baddbmm_(products, tiles)
            if needed[2]:
                of_bias = products[_CENTRE].sum(1) + (0 if of_bias is None else of_bias)
        return of_x, None if of_weights is None else _adjoint_of_weights(of_weights), of_bias


def _strips(x: Tensor) -> Iterator[tuple[slice, slice, slice]]:
    """What is computed together: images, rows that enter, and rows that leave."""
    images, _, height, width = x.shape
    down, across = height // 2 - 1, width // 2 - 1
    together = max(1, STRIP // (down * across))
    rows = max(1, min(down, STRIP // across))
    for image in range(0, images, together):
        for row in range(0, down, rows):
            end = min(row + rows, down)
            yield slice(image, image + together), slice(2 * row, 2 * end + 2), slice(2 * row, 2 * end)


# --------------------------------------------------------------------------------------------------------- the tiles
# Tiles are columns: (16, channels, N * H/2 * W/2), the place in the tile first. Both axes of images come last, and so
# the sums below run over whole lines.


def _transformed(x: Tensor) -> Tensor:
    """B^T d B of every tile: (N, C, H + 2, W + 2) -> (16, C, tiles)."""
    maps = x.transpose(0, 1)
    channels, images, height, width = maps.shape
    down, across = height // 2 - 1, width // 2 - 1
    rows = x.new_empty(4, channels, images, down, width)
    _b_transposed([maps[..., i : i + 2 * down : 2, :] for i in range(4)], rows)
    tiles = x.new_empty(4, 4, channels, images, down, across)
    _b_transposed([rows[..., j : j + 2 * across : 2] for j in range(4)], tiles.transpose(0, 1))
    return tiles.view(16, channels, -1)


def _b_transposed(d: list[Tensor], out: Tensor) -> None:
    """B^T d = (d0 - d2, d1 + d2, d2 - d1, d1 - d3), along one axis of the tile."""
    torch.sub(d[0], d[2], out=out[0])
    torch.add(d[1], d[2], out=out[1])
    torch.sub(d[2], d[1], out=out[2])
    torch.sub(d[1], d[3], out=out[3])


def _adjoint(tiles: Tensor, shape: torch.Size) -> Tensor:
    """The gradient of an image from that of its transformed tiles, which overlap: (16, C, tiles) -> shape."""
    images, channels, height, width = shape
    down, across = height // 2 - 1, width // 2 - 1
    rows = tiles.new_empty(4, channels, images, down + 1, 2, across)
    _b_overlapping(tiles.view(4, 4, channels, images, down, across), rows[..., 0, :], rows[..., 1, :], dim=-2)
    out = tiles.new_empty(images, channels, height, across + 1, 2)
    maps = out.transpose(0, 1)
    _b_overlapping(rows.view(4, channels, images, height, across), maps[..., 0], maps[..., 1], dim=-1)
    return out.view(shape)


def _b_overlapping(tiles: Tensor, even: Tensor, odd: Tensor, dim: int) -> None:
    """B t = (t0, t1 - t2 + t3, t1 + t2 - t0, -t3) along one axis; the last two of a tile are the next one's first."""
    count = tiles.shape[dim]
    for line in (even, odd):
        line.narrow(dim, count, 1).zero_()
    even.narrow(dim, 0, count).copy_(tiles[0])
    torch.sub(tiles[1], tiles[2], out=odd.narrow(dim, 0, count)).add_(tiles[3])
    even.narrow(dim, 1, count).add_(tiles[1]).add_(tiles[2]).sub_(tiles[0])
    odd.narrow(dim, 1, count).sub_(tiles[3])


def _pixels(products: Tensor, out: Tensor) -> None:
    """A^T m A of every tile m: (16, K, tiles) -> (N, K, H, W), written there."""
    images, channels, height, width = out.shape
    places = out.view(images, channels, height // 2, 2, width // 2, 2).permute(3, 5, 1, 0, 2, 4)
    places.copy_((_INVERSE.to(products.dtype) @ products.view(16, -1)).view(places.shape))


def _adjoint_of_pixels(gradient: Tensor) -> Tensor:
    """The gradient of the products: (N, K, H, W) -> (16, K, tiles)."""
    images, channels, height, width = gradient.shape
    pixels = gradient.reshape(images, channels, height // 2, 2, width // 2, 2).permute(3, 5, 1, 0, 2, 4)
    return (_INVERSE.T.to(gradient.dtype) @ pixels.reshape(4, -1)).view(16, channels, -1)


# ------------------------------------------------------------------------------------------------------- the weights


def _transformed_weights(weight: Tensor) -> Tensor:
    """G g G^T: (K, C, 3, 3) -> (16, K, C)."""
    columns = weight.permute(2, 3, 0, 1).reshape(9, -1)
    return (_OF_WEIGHTS.to(weight.dtype) @ columns).view(16, *weight.shape[:2])


def _adjoint_of_weights(gradient: Tensor) -> Tensor:
    """The weights' gradient from that of the transformed ones: (16, K, C) -> (K, C, 3, 3)."""
    columns = _OF_WEIGHTS.T.to(gradient.dtype) @ gradient.view(16, -1)
    return columns.view(3, 3, *gradient.shape[1:]).permute(2, 3, 0, 1).contiguous()
