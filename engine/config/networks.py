"""The [generator] and [discriminator] sections: one struct for each architecture."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from engine.config.schema import NonNegative, Positive, Section

Norm: TypeAlias = Literal["instance", "batch", "group", "none"]
Init: TypeAlias = Literal["normal", "xavier", "kaiming", "orthogonal", "pytorch"]

DOWNS_OF_UNET = range(5, 13)
DOWNS_OF_ENCODER_DECODER = range(2, 9)
DOWNS_OF_AUTOENCODER = range(1, 6)
DOWNS_OF_IMAGE = range(2, 9)
"""Halvings of the resolution that each architecture can have."""
UNET_WITHOUT_DROPOUT = 5
"""Halvings of a U-Net of which no level has dropout: its levels of 8 times the width, but the innermost, are beyond."""


def _within(numbers: range) -> Meta:
    return Meta(ge=numbers[0], le=numbers[-1])


class Network(Section, frozen=True, kw_only=True):
    """What every network has."""

    width: Positive = 64
    """Channels of the first layer (ngf, ndf)."""
    norm: Norm = "instance"
    """Normalisation layers."""
    init: Init = "normal"
    """Distribution of the initial weights; "pytorch" leaves them as PyTorch draws them."""
    init_gain: Annotated[float, Meta(gt=0, le=10)] = 0.02
    """Its scale: the standard deviation of "normal" and of the norm's factors, the gain of xavier and orthogonal."""


# ---------------------------------------------------------------------------------------------------- generators


class ResnetGenerator(Network, frozen=True, kw_only=True, tag_field="arch", tag="resnet"):
    """Johnson et al.'s encoder, residual blocks, decoder (CycleGAN, section 4)."""

    blocks: Annotated[int, Meta(ge=1, le=32)] = 9
    """Residual blocks: 9 at 256 px, 6 at 128 px in the paper."""
    dropout: bool = False
    """Dropout of 0.5 inside each residual block."""
    upsample: Literal["transposed", "resize"] = "transposed"
    """How maps are enlarged: a transposed convolution, or nearest neighbour and a 3x3 convolution."""


class UnetGenerator(Network, frozen=True, kw_only=True, tag_field="arch", tag="unet"):
    """Encoder and decoder with skip connections (pix2pix, section 3.2.1)."""

    downs: Annotated[int, _within(DOWNS_OF_UNET)] = 8
    """Halvings of the resolution: 8 takes 256 px to 1 px, 7 takes 128 px."""
    dropout: bool = False
    """Dropout of 0.5 in the inner decoder levels of 8 * width channels: downs - 5 of them."""


class EncoderDecoderGenerator(Network, frozen=True, kw_only=True, tag_field="arch", tag="encoder-decoder"):
    """Strided convolutions down and transposed ones up, without skip connections (DiscoGAN)."""

    norm: Literal["batch", "instance", "group", "none"] = "batch"
    """Normalisation layers."""
    downs: Annotated[int, _within(DOWNS_OF_ENCODER_DECODER)] = 4
    """Halvings of the resolution: 4 takes 64 px to 4 px."""
    bottleneck: NonNegative = 0
    """Channels of a 1x1 map in the middle, 100 in the paper's second architecture; 0 has none."""
    init: Init = "pytorch"
    """Distribution of the initial weights; "pytorch" leaves them as PyTorch draws them."""


class DecoderGenerator(Network, frozen=True, kw_only=True, tag_field="arch", tag="decoder"):
    """DTN's g: four transposed convolutions from f's features to 32 px, as its paper has it for digits."""

    width: Positive = 64
    """An eighth of the channels of the first layer; the next two have 4 and 2 times as many (ngf)."""
    norm: Norm = "batch"
    """Normalisation layers."""


class AutoencoderGenerator(Network, frozen=True, kw_only=True, tag_field="arch", tag="autoencoder"):
    """An encoder and a decoder for each domain, about one latent space (UNIT, section 3)."""

    downs: Annotated[int, _within(DOWNS_OF_AUTOENCODER)] = 2
    """Halvings of the resolution on the way to the latent map."""
    blocks: Annotated[int, Meta(ge=1, le=16)] = 4
    """Residual blocks at the end of an encoder, and as many at the beginning of a decoder."""
    shared: NonNegative = 0
    """Of these blocks, the encoders' last and the decoders' first that both domains share (UNIT has 1)."""
    variational: bool = False
    """Add unit normal noise to the latent map while training, for UNIT's KL terms."""


TranslatingGenerator: TypeAlias = ResnetGenerator | UnetGenerator | EncoderDecoderGenerator
"""Generators that take an image of one domain and return one of the other."""
GeneratorConfig: TypeAlias = TranslatingGenerator | DecoderGenerator | AutoencoderGenerator

# ------------------------------------------------------------------------------------------------ discriminators


class Discriminator(Network, frozen=True, kw_only=True):
    """What every discriminator has."""

    spectral: bool = False
    """Spectral normalisation of every convolution (Miyato et al. 2018); a norm after one undoes its bound."""
    count: Annotated[int, Meta(ge=1, le=8)] = 1
    """Discriminators of a domain, each with its own first weights; their losses are averaged."""


class PatchDiscriminator(Discriminator, frozen=True, kw_only=True, tag_field="arch", tag="patch"):
    """PatchGAN: judges every patch of the image (pix2pix, section 3.2.2)."""

    layers: Annotated[int, Meta(ge=1, le=6)] = 3
    """Strided layers; the receptive field is 16, 34, 70, 142, 286 px for 1 to 5."""
    scales: Annotated[int, Meta(ge=1, le=3)] = 1
    """PatchGANs by size of image: the second judges it halved, the third quartered (pix2pixHD, section 3.2)."""


class PixelDiscriminator(Discriminator, frozen=True, kw_only=True, tag_field="arch", tag="pixel"):
    """The 1x1 PatchGAN: judges every pixel by its colour alone."""


class ImageDiscriminator(Discriminator, frozen=True, kw_only=True, tag_field="arch", tag="image"):
    """DCGAN's: strided convolutions down to 4x4, then one judgement of the whole image (as DiscoGAN has it)."""

    norm: Norm = "batch"
    """Normalisation layers."""
    downs: Annotated[int, _within(DOWNS_OF_IMAGE)] = 4
    """Halvings of the resolution; images have 4 * 2**downs pixels a side, 64 for 4."""
    minibatch: NonNegative = 0
    """Kernels of minibatch discrimination (Salimans et al. 2016, section 3.2); 0 has none."""
    init: Init = "pytorch"
    """Distribution of the initial weights; "pytorch" leaves them as PyTorch draws them."""


DiscriminatorConfig: TypeAlias = PatchDiscriminator | PixelDiscriminator | ImageDiscriminator
