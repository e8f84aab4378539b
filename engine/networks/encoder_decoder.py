"""DiscoGAN's generator: strided convolutions down, transposed ones up, and nothing but the innermost map between them.

State-dict keys are those of SKTBrain/DiscoGAN.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from engine.config.networks import EncoderDecoderGenerator, Norm
from engine.networks.blocks import normalisation
from engine.networks.segments import Segmented


class EncoderDecoder(Segmented):
    """Widths double with every halving, up to 8 times the first, and go back again (DiscoGAN).

    No convolution has a bias, whatever the normalisation; the outermost two are not normalised. A bottleneck is a 4x4
    convolution of the innermost map, 4x4 itself, to a single pixel, and back.

    Args:
        config: the preset's [generator] section.
        in_channels: of the images it takes.
        out_channels: of the images it returns.
        unit_range: these are in [0, 1], after a sigmoid, rather than in [-1, 1], after a tanh.
    """

    def __init__(
        self, config: EncoderDecoderGenerator, in_channels: int, out_channels: int, *, unit_range: bool
    ) -> None:
        super().__init__()
        norm = config.norm
        widths = [config.width * min(2**level, 8) for level in range(config.downs)]
        down = [layer for outer, inner in pairwise(widths) for layer in _halving(outer, inner, norm)]
        up = [layer for inner, outer in pairwise(reversed(widths)) for layer in _doubling(inner, outer, norm)]
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, widths[0], kernel_size=4, stride=2, padding=1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            *down,
            *(_bottleneck(widths[-1], config.bottleneck, norm) if config.bottleneck else []),
            *up,
            nn.ConvTranspose2d(widths[0], out_channels, kernel_size=4, stride=2, padding=1, bias=False),
            nn.Sigmoid() if unit_range else nn.Tanh(),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H, W); H and W multiples of 2**downs, 4 times it if narrowed."""
        return self.through(self.main, images)


def _halving(channels: int, out_channels: int, norm: Norm) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, out_channels, kernel_size=4, stride=2, padding=1, bias=False),
        normalisation(norm, out_channels),
        nn.LeakyReLU(0.2, inplace=True),
    ]


def _doubling(channels: int, out_channels: int, norm: Norm) -> list[nn.Module]:
    return [
        nn.ConvTranspose2d(channels, out_channels, kernel_size=4, stride=2, padding=1, bias=False),
        normalisation(norm, out_channels),
        nn.ReLU(inplace=True),
    ]


def _bottleneck(channels: int, narrow: int, norm: Norm) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, narrow, kernel_size=4, bias=False),
        normalisation(norm, narrow),
        nn.LeakyReLU(0.2, inplace=True),
        nn.ConvTranspose2d(narrow, channels, kernel_size=4, bias=False),
        normalisation(norm, channels),
        nn.ReLU(inplace=True),
    ]
