"""The networks that judge images: PatchGAN discriminators, down to the one that sees single pixels.

State-dict keys are those of junyanz/pytorch-CycleGAN-and-pix2pix.
"""

from __future__ import annotations

from itertools import pairwise
from typing import assert_never

from torch import Tensor, nn

from engine.config.networks import DiscriminatorConfig, PatchDiscriminator, PixelDiscriminator
from engine.networks.blocks import needs_bias, normalisation


def build_discriminator(config: DiscriminatorConfig, in_channels: int) -> nn.Module:
    """The discriminator that a preset describes, on the CPU, with PyTorch's default weights (see networks.initialise).

    Args:
        config: the preset's [discriminator] section.
        in_channels: of the images it judges.
    """
    match config:
        case PatchDiscriminator():
            return PatchGan(config, in_channels)
        case PixelDiscriminator():
            return PixelGan(config, in_channels)
        case _:
            assert_never(config)


class PatchGan(nn.Module):
    """Judges every patch of an image: C64-C128-C256-C512 for three layers (CycleGAN, appendix 7.2)."""

    def __init__(self, config: PatchDiscriminator, in_channels: int) -> None:
        super().__init__()
        norm = config.norm
        widths = [config.width * min(2**level, 8) for level in range(config.layers + 1)]
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, widths[0], kernel_size=4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        for level, (channels, out_channels) in enumerate(pairwise(widths), start=1):
            stride = 2 if level < config.layers else 1
            layers += [
                nn.Conv2d(channels, out_channels, kernel_size=4, stride=stride, padding=1, bias=needs_bias(norm)),
                normalisation(norm, out_channels),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        layers.append(nn.Conv2d(widths[-1], 1, kernel_size=4, padding=1))
        self.model = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, 1, h, w): a logit per patch; h = H // 2**layers - 2, and w likewise."""
        out: Tensor = self.model(images)
        return out


class PixelGan(nn.Module):
    """The 1x1 PatchGAN (pix2pix, section 4.4): judges every pixel by its colour alone."""

    def __init__(self, config: PixelDiscriminator, in_channels: int) -> None:
        super().__init__()
        width, bias = config.width, needs_bias(config.norm)
        self.net = nn.Sequential(
            nn.Conv2d(in_channels, width, kernel_size=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, kernel_size=1, bias=bias),
            normalisation(config.norm, 2 * width),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, 1, kernel_size=1, bias=bias),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, 1, H, W): a logit per pixel."""
        out: Tensor = self.net(images)
        return out
