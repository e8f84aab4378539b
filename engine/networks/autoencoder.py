"""UNIT's networks: an encoder and a decoder for each domain, and the blocks about the latent map that both share.

The shared blocks are networks of their own, so every weight is in one network alone: saved once, and given to an
optimizer once. A method runs them in turn: shared_encoder(encoder_A(x)) is a latent map, and
decoder_B(shared_decoder(latent)) an image. Noise on the latent map is the method's.
"""

from __future__ import annotations

from torch import Tensor, nn

from engine.config.networks import AutoencoderGenerator
from engine.networks.blocks import ReflectionPad, ResnetBlock, doubling, halving, needs_bias, normalisation
from engine.networks.convolutions import ConvToImage
from engine.networks.segments import Segmented


def build_autoencoders(config: AutoencoderGenerator, channels: int) -> dict[str, nn.Module]:
    """The networks that a preset describes, on the CPU, with PyTorch's default weights (see networks.initialise).

    Args:
        config: the preset's [generator] section.
        channels: of the images of both domains.

    Returns:
        By name: encoder_A, encoder_B, decoder_A, decoder_B; and if blocks are shared, shared_encoder, shared_decoder.
    """
    networks: dict[str, nn.Module] = {
        "encoder_A": Encoder(config, channels),
        "encoder_B": Encoder(config, channels),
        "decoder_A": Decoder(config, channels),
        "decoder_B": Decoder(config, channels),
    }
    if config.shared:
        networks |= {"shared_encoder": SharedBlocks(config), "shared_decoder": SharedBlocks(config)}
    return networks


class Encoder(Segmented):
    """A 7x7 convolution, halvings that double the channels, and those residual blocks that are not shared.

    Args:
        config: the preset's [generator] section.
        channels: of the images it takes.
    """

    def __init__(self, config: AutoencoderGenerator, channels: int) -> None:
        super().__init__()
        norm = config.norm
        widths = [config.width * 2**level for level in range(config.downs)]
        self.model = nn.Sequential(
            ReflectionPad(3),
            nn.Conv2d(channels, config.width, kernel_size=7, bias=needs_bias(norm)),
            normalisation(norm, config.width),
            nn.ReLU(inplace=True),
            *(layer for width in widths for layer in halving(width, 2 * width, norm)),
            *_blocks(config, config.blocks - config.shared),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, C, h, w), where h = H / 2**downs, w likewise, and C = width * 2**downs.

        H and W are multiples of 2**downs and at least twice that.
        """
        return self.through(self.model, images)


class Decoder(Segmented):
    """An encoder's mirror image: residual blocks that are not shared, doublings, a 7x7 convolution, tanh.

    Args:
        config: the preset's [generator] section.
        channels: of the images it returns.
    """

    def __init__(self, config: AutoencoderGenerator, channels: int) -> None:
        super().__init__()
        widths = [config.width * 2**level for level in reversed(range(config.downs))]
        self.model = nn.Sequential(
            *_blocks(config, config.blocks - config.shared),
            *(layer for width in widths for layer in doubling(2 * width, width, config.norm)),
            ReflectionPad(3),
            ConvToImage(config.width, channels, kernel_size=7),
            nn.Tanh(),
        )

    def forward(self, latent: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, channels, h * 2**downs, w * 2**downs) in [-1, 1]; C as of an encoder."""
        return self.through(self.model, latent)


class SharedBlocks(Segmented):
    """The residual blocks that both domains share: the encoders' last, or the decoders' first (UNIT, section 3)."""

    def __init__(self, config: AutoencoderGenerator) -> None:
        super().__init__()
        self.model = nn.Sequential(*_blocks(config, config.shared))

    def forward(self, latent: Tensor) -> Tensor:
        """(N, C, h, w) -> the same shape; C as of an encoder."""
        return self.through(self.model, latent)


def _blocks(config: AutoencoderGenerator, count: int) -> list[nn.Module]:
    channels = config.width * 2**config.downs
    return [ResnetBlock(channels, config.norm, dropout=False) for _ in range(count)]
