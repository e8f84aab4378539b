"""The networks that judge images: which one a preset describes, and several as one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from torch import Tensor, nn

from engine.config.networks import DiscriminatorConfig, ImageDiscriminator, PatchDiscriminator, PixelDiscriminator
from engine.networks.image_discriminator import ImageGan
from engine.networks.patch_discriminators import MultiScale, PatchGan, PixelGan
from engine.networks.spectral import linear_maps, normalise_spectrally
from engine.networks.verdict import Verdict, joined

__all__ = ["Ensemble", "Verdict", "build_discriminator"]


def build_discriminator(config: DiscriminatorConfig, in_channels: int, outputs: int = 1) -> nn.Module:
    """The discriminator that a preset describes, on the CPU, with PyTorch's default weights (see networks.initialise).

    Args:
        config: the preset's [discriminator] section.
        in_channels: of the images it judges.
        outputs: logits of a judgement: 1 for real or not, 3 for DTN's kinds of image.

    Returns:
        A network from images to a Verdict.
    """
    one = _discriminator(config, in_channels, outputs)
    if config.count > 1:
        one = Ensemble([one, *(_discriminator(config, in_channels, outputs) for _ in range(config.count - 1))])
    if config.spectral:
        normalise_spectrally(linear_maps(one))
    return one


def _discriminator(config: DiscriminatorConfig, in_channels: int, outputs: int) -> nn.Module:
    match config:
        case PatchDiscriminator(scales=1):
            return PatchGan(config, in_channels, outputs)
        case PatchDiscriminator():
            return MultiScale(config, in_channels, outputs)
        case PixelDiscriminator():
            return PixelGan(config, in_channels, outputs)
        case ImageDiscriminator():
            return ImageGan(config, in_channels, outputs)
        case _:
            assert_never(config)


class Ensemble(nn.Module):
    """Discriminators of one domain that differ by their first weights; what is made of their verdicts is averaged."""

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> Verdict:
        """Every member's verdict on the same images."""
        return joined(member(images) for member in self.members)
