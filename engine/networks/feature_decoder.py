"""DTN's g: an image drawn from what the classifier f sees in another."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from engine.config.networks import DecoderGenerator
from engine.networks.blocks import needs_bias, normalisation


class FeatureDecoder(nn.Module):
    """Four transposed convolutions, 2 -> 4 -> 8 -> 16 -> 32 px, with 8, 4 and 2 times config.width channels between.

    512, 256 and 128 for a width of 64, each normalised and rectified; a tanh ends it (DTN, section 5.1, after DCGAN).

    Args:
        config: the preset's [generator] section.
        in_channels: of the features.
        out_channels: of the images it returns.
    """

    def __init__(self, config: DecoderGenerator, in_channels: int, out_channels: int) -> None:
        super().__init__()
        norm, bias = config.norm, needs_bias(config.norm)
        widths = [8 * config.width, 4 * config.width, 2 * config.width]
        layers: list[nn.Module] = []
        for channels, narrower in pairwise([in_channels, *widths]):
            layers += [
                nn.ConvTranspose2d(channels, narrower, kernel_size=4, stride=2, padding=1, bias=bias),
                normalisation(norm, narrower),
                nn.ReLU(inplace=True),
            ]
        layers.append(nn.ConvTranspose2d(widths[-1], out_channels, kernel_size=4, stride=2, padding=1))
        self.model = nn.Sequential(*layers, nn.Tanh())

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, 2, 2) -> (N, out_channels, 32, 32) in [-1, 1]."""
        out: Tensor = self.model(features)
        return out
