"""Convolution layers that choose how they are computed: by PyTorch, or in a way that is faster for their shape.

The result is the same within float32's rounding (docs/speed.md has the measured errors). The choice depends on shapes,
the device and the precision alone, so a run repeats bit for bit. The other ways are for CPUs in float32: cuDNN chooses
among algorithms by itself, and bfloat16 saves more than they do.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from engine.networks.folding import folded
from engine.networks.winograd import winograd

Algorithm: TypeAlias = Literal["auto", "direct", "fast"]
"""PyTorch's convolution or another, whichever is faster; PyTorch's; another wherever there is one, on a CPU."""

WINOGRAD_CHANNELS = 128
"""Least channels; with fewer, transforming the tiles costs what the products save."""
WINOGRAD_TILES = 128
"""Least tiles of 2x2 pixels in a batch; with fewer, transforming the weights does."""
FOLDED_CHANNELS = 32
"""Least input channels; with fewer, adding up the maps costs what the product saves."""
FOLDED_OUT_CHANNELS = 4
"""Most output channels: PyTorch's convolution computes 16 at once, and what is not needed in vain."""


class Conv3x3(nn.Conv2d):
    """nn.Conv2d of 3x3 weights, stride 1 and no padding; by Winograd's algorithm where that is faster."""

    algorithm: Algorithm = "auto"

    def __init__(self, channels: int, out_channels: int, *, bias: bool) -> None:
        super().__init__(channels, out_channels, kernel_size=3, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H + 2, W + 2) -> (N, out_channels, H, W)."""
        if self.algorithm != "direct" and _on_cpu(x) and _in_whole_tiles(x) and self._is_worth_it(x):
            return winograd(x, self.weight, self.bias)
        return super().forward(x)

    def _is_worth_it(self, x: Tensor) -> bool:
        images, _, height, width = x.shape
        tiles = images * (height // 2 - 1) * (width // 2 - 1)
        wide = min(self.in_channels, self.out_channels) >= WINOGRAD_CHANNELS
        return self.algorithm == "fast" or (wide and tiles >= WINOGRAD_TILES)


class ConvToImage(nn.Conv2d):
    """nn.Conv2d from many channels to the few of an image, stride 1 and no padding; by folding where that is faster."""

    algorithm: Algorithm = "auto"

    def __init__(self, channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__(channels, out_channels, kernel_size)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, out_channels, H - k + 1, W - k + 1)."""
        unrolled = torch.compiler.is_compiling()  # each strip of each image would be a part of the program
        if self.algorithm != "direct" and not unrolled and _on_cpu(x) and self._is_worth_it():
            return folded(x, self.weight, self.bias)
        return super().forward(x)

    def _is_worth_it(self) -> bool:
        few = self.out_channels <= FOLDED_OUT_CHANNELS
        return self.algorithm == "fast" or (few and self.in_channels >= FOLDED_CHANNELS)


def compute_by(algorithm: Algorithm, network: nn.Module) -> None:
    """Have every convolution of a network that can choose computed so."""
    for module in network.modules():
        if isinstance(module, Conv3x3 | ConvToImage):
            module.algorithm = algorithm


def _on_cpu(x: Tensor) -> bool:
    """In its full precision there: autocast would have the other ways add up bfloat16."""
    full = x.dtype in (torch.float32, torch.float64) and not torch.is_autocast_enabled("cpu")
    return full and x.device.type == "cpu"


def _in_whole_tiles(x: Tensor) -> bool:
    return x.shape[2] % 2 == x.shape[3] % 2 == 0
