"""PatchGAN discriminators, which judge every patch of an image, down to the one that sees single pixels.

State-dict keys are those of junyanz/pytorch-CycleGAN-and-pix2pix.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from engine.config.networks import PatchDiscriminator, PixelDiscriminator
from engine.networks.blocks import needs_bias, normalisation
from engine.networks.verdict import Verdict, joined, judged


class PatchGan(nn.Module):
    """Judges every patch of an image: C64-C128-C256-C512 for three layers (CycleGAN, appendix 7.2)."""

    def __init__(self, config: PatchDiscriminator, in_channels: int, outputs: int) -> None:
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
        layers.append(nn.Conv2d(widths[-1], outputs, kernel_size=4, padding=1))
        self.model = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Verdict:
        """(N, in_channels, H, W) -> logits of (N, outputs, h, w), one a patch; h = H // 2**layers - 2, w likewise."""
        return judged(self.model, images)


class MultiScale(nn.Module):
    """PatchGANs that judge an image in its own size, halved, quartered (pix2pixHD, section 3.2)."""

    def __init__(self, config: PatchDiscriminator, in_channels: int, outputs: int) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchGan(config, in_channels, outputs) for _ in range(config.scales))
        self.shrink = nn.AvgPool2d(kernel_size=3, stride=2, padding=1, count_include_pad=False)

    def forward(self, images: Tensor) -> Verdict:
        """As a PatchGan's, the largest size first; an odd side is rounded up when it is halved."""
        verdicts: list[Verdict] = []
        for scale, network in enumerate(self.scales):
            images = self.shrink(images) if scale else images
            verdicts.append(network(images))
        return joined(verdicts)


class PixelGan(nn.Module):
    """The 1x1 PatchGAN (pix2pix, section 4.4): judges every pixel by its colour alone."""

    def __init__(self, config: PixelDiscriminator, in_channels: int, outputs: int) -> None:
        super().__init__()
        width, bias = config.width, needs_bias(config.norm)
        self.net = nn.Sequential(
            nn.Conv2d(in_channels, width, kernel_size=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, kernel_size=1, bias=bias),
            normalisation(config.norm, 2 * width),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, outputs, kernel_size=1, bias=bias),
        )

    def forward(self, images: Tensor) -> Verdict:
        """(N, in_channels, H, W) -> logits of (N, outputs, H, W), one a pixel."""
        return judged(self.net, images)
