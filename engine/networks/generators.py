"""The networks that translate images: ResNet and U-Net generators, and which network a preset describes.

State-dict keys are those of junyanz/pytorch-CycleGAN-and-pix2pix.
"""

from __future__ import annotations

from typing import assert_never

from torch import Tensor, nn

from engine.config.networks import (
    DecoderGenerator,
    EncoderDecoderGenerator,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)
from engine.networks.blocks import (
    ReflectionPad,
    ResnetBlock,
    UnetLevel,
    doubling,
    halving,
    needs_bias,
    normalisation,
    resize_doubling,
)
from engine.networks.convolutions import ConvToImage
from engine.networks.encoder_decoder import EncoderDecoder
from engine.networks.feature_decoder import FeatureDecoder
from engine.networks.segments import Segmented


def build_generator(
    config: TranslatingGenerator | DecoderGenerator, in_channels: int, out_channels: int, *, unit_range: bool = False
) -> nn.Module:
    """The generator that a preset describes, on the CPU, with PyTorch's default weights (see networks.initialise).

    An autoencoder is several networks: see networks.autoencoder.

    Args:
        config: the preset's [generator] section.
        in_channels: of the images it takes, or for DTN's decoder of the features.
        out_channels: of the images it returns, in [-1, 1].
        unit_range: return images in [0, 1] instead, as DiscoGAN's do; of an encoder-decoder only.
    """
    assert not unit_range or isinstance(config, EncoderDecoderGenerator), "only an encoder-decoder works in [0, 1]"
    match config:
        case ResnetGenerator():
            return Resnet(config, in_channels, out_channels)
        case UnetGenerator():
            return Unet(config, in_channels, out_channels)
        case EncoderDecoderGenerator():
            return EncoderDecoder(config, in_channels, out_channels, unit_range=unit_range)
        case DecoderGenerator():
            return FeatureDecoder(config, in_channels, out_channels)
        case _:
            assert_never(config)


class Resnet(Segmented):
    """Encoder, residual blocks, decoder: c7s1-64, d128, d256, R256..., u128, u64, c7s1-3 (CycleGAN, appendix 7.2).

    With upsample = "resize" each u is enlarged before a convolution, one position later than the transposed one that it
    replaces: PyTorch-GAN's variant.
    """

    def __init__(self, config: ResnetGenerator, in_channels: int, out_channels: int) -> None:
        super().__init__()
        width, norm = config.width, config.norm
        enlarged = resize_doubling if config.upsample == "resize" else doubling
        self.model = nn.Sequential(
            ReflectionPad(3),
            nn.Conv2d(in_channels, width, kernel_size=7, bias=needs_bias(norm)),
            normalisation(norm, width),
            nn.ReLU(inplace=True),
            *halving(width, 2 * width, norm),
            *halving(2 * width, 4 * width, norm),
            *(ResnetBlock(4 * width, norm, dropout=config.dropout) for _ in range(config.blocks)),
            *enlarged(4 * width, 2 * width, norm),
            *enlarged(2 * width, width, norm),
            ReflectionPad(3),
            ConvToImage(width, out_channels, kernel_size=7),
            nn.Tanh(),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H, W) in [-1, 1]; H and W multiples of 4, at least 8."""
        return self.through(self.model, images)


class Unet(nn.Module):
    """Encoder and decoder with skip connections between mirrored levels (pix2pix, section 3.2.1 and appendix 6.1)."""

    def __init__(self, config: UnetGenerator, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.model = _UnetRim(config, in_channels, out_channels)

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H, W) in [-1, 1]; H and W multiples of 2**downs."""
        out: Tensor = self.model(images)
        return out


class _UnetRim(Segmented):
    """The outermost level: it neither normalises nor joins its input to its output."""

    def __init__(self, config: UnetGenerator, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(in_channels, config.width, kernel_size=4, stride=2, padding=1, bias=needs_bias(config.norm)),
            _unet_levels(config),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(2 * config.width, out_channels, kernel_size=4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.through(self.model, images)


def _unet_levels(config: UnetGenerator) -> UnetLevel:
    """Every level below the rim, innermost built first. Widths double up to 8 times, and dropout is where they stay."""
    width, norm = config.width, config.norm
    level = UnetLevel(8 * width, 8 * width, None, norm)
    for _ in range(config.downs - 5):
        level = UnetLevel(8 * width, 8 * width, level, norm, dropout=config.dropout)
    level = UnetLevel(4 * width, 8 * width, level, norm)
    level = UnetLevel(2 * width, 4 * width, level, norm)
    return UnetLevel(width, 2 * width, level, norm)
