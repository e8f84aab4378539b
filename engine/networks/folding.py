"""Convolution from many channels to the few of an image, as one matrix product and a sum of shifted maps.

PyTorch's convolution computes 16 output channels at once on a CPU, and of three or one the rest in vain. Here a product
applies each of the weights' k * k places to every pixel, and the maps that come of it are added up, each shifted by its
place: kn2row of Vasudevan, Anderson and Gregg 2017, "Parallel multi channel convolution using general matrix
multiplication", arXiv:1704.04428.

It is done strip by strip, some rows of an image at a time: there are k * k times as many maps as output channels, and
those of a whole image would go to memory and come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.networks.direct import direct_gradients

STRIP = 4096
"""Pixels of an input whose maps are computed together: enough for a product, and few enough for the caches."""


def folded(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The convolution (N, C, H, W) -> (N, K, H - k + 1, W - k + 1) with weights (K, C, k, k) and a bias (K).

    Its gradients are computed alike. Where they are to be differentiated themselves, they are the direct
    convolution's, which PyTorch can differentiate any number of times.
    """
    out: Tensor = _Folded.apply(x, weight, bias)
    return out


class _Folded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        out_channels, channels, size, _ = weight.shape
        images, _, height, width = x.shape
        margin = size - 1
        places = _places(weight)
        # A pixel's shifted maps reach over the edges, above and below over those of its strip too.
        out = x.new_zeros(images, out_channels, height + margin, width - margin)
        for image, rows in _strips(x):
            pixels = x[image, :, rows].reshape(channels, -1)
            reached = slice(rows.start, rows.stop + margin)
            shape = rows.stop - rows.start + margin, width - margin
            out[image, :, reached] += F.fold(places @ pixels, shape, size, padding=(0, margin))
        out = out[:, :, margin:height]
        return out.contiguous() if bias is None else out + bias.view(out_channels, 1, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        [gradient] = gradients
        x, weight = ctx.saved_tensors
        needed: tuple[bool, bool, bool] = ctx.needs_input_grad
        if torch.is_grad_enabled():
            return direct_gradients(gradient, x, weight, needed)
        _, channels, size, _ = weight.shape
        margin = size - 1
        places = _places(weight)
        of_x = torch.empty_like(x) if needed[0] else None
        of_places = torch.zeros_like(places) if needed[1] else None
        framed = F.pad(gradient, (0, 0, margin, margin))
        for image, rows in _strips(x):
            of_maps = F.unfold(framed[image, :, rows.start : rows.stop + margin], size, padding=(0, margin))
            if of_x is not None:
                of_x[image, :, rows] = (places.T @ of_maps).view(channels, -1, x.shape[3])
            if of_places is not None:
                of_places += of_maps @ x[image, :, rows].reshape(channels, -1).T
        of_weight = None if of_places is None else _of_weight(of_places, weight.shape)
        return of_x, of_weight, gradient.sum((0, 2, 3)) if needed[2] else None


def _strips(x: Tensor) -> Iterator[tuple[int, slice]]:
    """Images, each with the rows that are computed together."""
    images, _, height, width = x.shape
    count = max(1, STRIP // width)
    for image in range(images):
        for row in range(0, height, count):
            yield image, slice(row, min(row + count, height))


def _places(weight: Tensor) -> Tensor:
    """(K, C, k, k) -> (K * k * k, C): a row for each map, in the order of F.fold, which counts places backwards."""
    return weight.flip(2, 3).permute(0, 2, 3, 1).reshape(-1, weight.shape[1])


def _of_weight(of_places: Tensor, shape: torch.Size) -> Tensor:
    """The weights' gradient from that of their rows: _places undone."""
    out_channels, channels, size, _ = shape
    return of_places.view(out_channels, size, size, channels).permute(0, 3, 1, 2).flip(2, 3)
