"""The published networks in PyTorch's own layers, with the keys that checkpoints of the reference programs have.

The engine's networks have the same keys, and so the two can start from the same weights.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from engine.config.networks import (
    AutoencoderGenerator,
    DecoderGenerator,
    DiscriminatorConfig,
    EncoderDecoderGenerator,
    ImageDiscriminator,
    PatchDiscriminator,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)


def norm_layer(norm: str, channels: int) -> nn.Module:
    """The normalisation that the published networks have: "instance" without parameters, or "batch"."""
    match norm:
        case "instance":
            return nn.InstanceNorm2d(channels)
        case "batch":
            return nn.BatchNorm2d(channels)
        case _:
            raise ValueError(f"no published network has the normalisation {norm!r}")


# ---------------------------------------------------------------------------- after junyanz's CycleGAN and pix2pix


def translator(config: TranslatingGenerator) -> nn.Module:
    """The generator of either, of images in [-1, 1]."""
    match config:
        case ResnetGenerator():
            return resnet(config)
        case UnetGenerator():
            return unet(config)
        case _:
            raise TypeError(f"neither program has the generator {type(config).__name__}")


def resnet(config: ResnetGenerator) -> nn.Sequential:
    """CycleGAN's generator."""
    w, bias = config.width, config.norm == "instance"
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(3),
        nn.Conv2d(3, w, 7, bias=bias),
        norm_layer(config.norm, w),
        nn.ReLU(True),
    ]
    for channels in (w, 2 * w):
        layers += [
            nn.Conv2d(channels, channels * 2, 3, stride=2, padding=1, bias=bias),
            norm_layer(config.norm, channels * 2),
            nn.ReLU(True),
        ]
    layers += [ResnetBlock(4 * w, config.norm) for _ in range(config.blocks)]
    for channels in (4 * w, 2 * w):
        layers += [
            nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1, bias=bias),
            norm_layer(config.norm, channels // 2),
            nn.ReLU(True),
        ]
    layers += [nn.ReflectionPad2d(3), nn.Conv2d(w, 3, 7), nn.Tanh()]
    return _under("model", nn.Sequential(*layers))


class ResnetBlock(nn.Module):
    """Two padded convolutions about which the input goes round."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        bias = norm == "instance"
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm_layer(norm, channels),
            nn.ReLU(True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm_layer(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The same shape again."""
        out: Tensor = x + self.conv_block(x)
        return out


def unet(config: UnetGenerator) -> nn.Module:
    """pix2pix's generator."""
    w, norm = config.width, config.norm
    level = UnetLevel(8 * w, 8 * w, None, norm)
    for _ in range(config.downs - 5):
        level = UnetLevel(8 * w, 8 * w, level, norm, dropout=config.dropout)
    level = UnetLevel(4 * w, 8 * w, level, norm)
    level = UnetLevel(2 * w, 4 * w, level, norm)
    level = UnetLevel(w, 2 * w, level, norm)
    outermost = nn.Sequential(
        nn.Conv2d(3, w, 4, stride=2, padding=1, bias=norm == "instance"),
        level,
        nn.ReLU(True),
        nn.ConvTranspose2d(2 * w, 3, 4, stride=2, padding=1),
        nn.Tanh(),
    )
    return _under("model", _under("model", outermost))


class UnetLevel(nn.Module):
    """Down, the levels below, up; beside the input."""

    def __init__(self, outer: int, inner: int, below: nn.Module | None, norm: str, *, dropout: bool = False) -> None:
        super().__init__()
        bias = norm == "instance"
        down: list[nn.Module] = [nn.LeakyReLU(0.2, True), nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias)]
        middle = [] if below is None else [norm_layer(norm, inner), below]
        up: list[nn.Module] = [
            nn.ReLU(True),
            nn.ConvTranspose2d(inner if below is None else 2 * inner, outer, 4, stride=2, padding=1, bias=bias),
            norm_layer(norm, outer),
        ]
        self.model = nn.Sequential(*down, *middle, *up, *([nn.Dropout(0.5)] if dropout else []))

    def forward(self, x: Tensor) -> Tensor:
        """Twice the channels."""
        return torch.cat([x, self.model(x)], 1)


def patch_gan(config: DiscriminatorConfig, in_channels: int = 3) -> nn.Sequential:
    """The PatchGAN of both."""
    if not isinstance(config, PatchDiscriminator):
        raise TypeError(f"neither program is compared with the discriminator {type(config).__name__}")
    w, bias = config.width, config.norm == "instance"
    widths = [w * min(2**level, 8) for level in range(config.layers + 1)]
    layers: list[nn.Module] = [nn.Conv2d(in_channels, w, 4, stride=2, padding=1), nn.LeakyReLU(0.2, True)]
    for level, (channels, wider) in enumerate(pairwise(widths), start=1):
        layers += [
            nn.Conv2d(channels, wider, 4, stride=2 if level < config.layers else 1, padding=1, bias=bias),
            norm_layer(config.norm, wider),
            nn.LeakyReLU(0.2, True),
        ]
    layers.append(nn.Conv2d(widths[-1], 1, 4, padding=1))
    return _under("model", nn.Sequential(*layers))


# ------------------------------------------------------------------------------------- after SKTBrain's DiscoGAN


def encoder_decoder(config: EncoderDecoderGenerator) -> nn.Sequential:
    """DiscoGAN's generator, of images in [0, 1]."""
    widths = [config.width * min(2**level, 8) for level in range(config.downs)]
    layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for channels, wider in pairwise(widths):
        layers += [nn.Conv2d(channels, wider, 4, 2, 1, bias=False), norm_layer(config.norm, wider)]
        layers.append(nn.LeakyReLU(0.2, True))
    for channels, narrower in pairwise(reversed(widths)):
        layers += [nn.ConvTranspose2d(channels, narrower, 4, 2, 1, bias=False), norm_layer(config.norm, narrower)]
        layers.append(nn.ReLU(True))
    layers += [nn.ConvTranspose2d(widths[0], 3, 4, 2, 1, bias=False), nn.Sigmoid()]
    return _under("main", nn.Sequential(*layers))


class ImageGan(nn.Module):
    """DiscoGAN's and DTN's discriminator of whole images, DCGAN's."""

    def __init__(self, config: ImageDiscriminator, outputs: int = 1) -> None:
        super().__init__()
        widths = [config.width * min(2**level, 8) for level in range(config.downs)]
        self.downs = config.downs
        self.conv1 = nn.Conv2d(3, widths[0], 4, 2, 1, bias=False)
        self.relu1 = nn.LeakyReLU(0.2, inplace=True)
        for level, (channels, wider) in enumerate(pairwise(widths), start=2):
            self.add_module(f"conv{level}", nn.Conv2d(channels, wider, 4, 2, 1, bias=False))
            self.add_module(f"bn{level}", norm_layer(config.norm, wider))
            self.add_module(f"relu{level}", nn.LeakyReLU(0.2, inplace=True))
        self.add_module(f"conv{config.downs + 1}", nn.Conv2d(widths[-1], outputs, 4, 1, 0, bias=False))

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits of (N, outputs, 1, 1), and the maps of the normalised layers."""
        features = []
        x = self.relu1(self.conv1(images))
        for level in range(2, self.downs + 1):
            x = self.get_submodule(f"conv{level}")(x)
            x = self.get_submodule(f"relu{level}")(self.get_submodule(f"bn{level}")(x))
            features.append(x)
        return self.get_submodule(f"conv{self.downs + 1}")(x), features


# ------------------------------------------------------------------------------------------------ after the papers


def digit_features(width: int) -> nn.Sequential:
    """DTN's f up to its features (section 5.1); the tanh is of yunjey/domain-transfer-network."""
    layers: list[nn.Module] = []
    for channels, wider in pairwise([3, width, 2 * width, 4 * width, 2 * width]):
        layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(True)]
    return _under("model", nn.Sequential(*layers[:-1], nn.Tanh()))


def feature_decoder(config: DecoderGenerator, features: int) -> nn.Sequential:
    """DTN's g (section 5.1)."""
    bias = config.norm == "instance"
    widths = [8 * config.width, 4 * config.width, 2 * config.width]
    layers: list[nn.Module] = []
    for channels, narrower in pairwise([features, *widths]):
        layers += [nn.ConvTranspose2d(channels, narrower, 4, 2, 1, bias=bias), norm_layer(config.norm, narrower)]
        layers.append(nn.ReLU(True))
    layers += [nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1), nn.Tanh()]
    return _under("model", nn.Sequential(*layers))


def encoder(config: AutoencoderGenerator) -> nn.Sequential:
    """UNIT's encoder of a domain, without the blocks that are shared."""
    w, bias = config.width, config.norm == "instance"
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(3),
        nn.Conv2d(3, w, 7, bias=bias),
        norm_layer(config.norm, w),
        nn.ReLU(True),
    ]
    for level in range(config.downs):
        channels = w * 2**level
        layers += [
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=bias),
            norm_layer(config.norm, 2 * channels),
            nn.ReLU(True),
        ]
    return _under("model", nn.Sequential(*layers, *_blocks(config, config.blocks - config.shared)))


def decoder(config: AutoencoderGenerator) -> nn.Sequential:
    """UNIT's decoder of a domain, likewise."""
    w, bias = config.width, config.norm == "instance"
    layers = _blocks(config, config.blocks - config.shared)
    for level in reversed(range(config.downs)):
        channels = w * 2**level
        layers += [
            nn.ConvTranspose2d(2 * channels, channels, 3, stride=2, padding=1, output_padding=1, bias=bias),
            norm_layer(config.norm, channels),
            nn.ReLU(True),
        ]
    return _under("model", nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(w, 3, 7), nn.Tanh()))


def shared_blocks(config: AutoencoderGenerator) -> nn.Sequential:
    """The blocks of UNIT's encoders, or of its decoders, that both domains share."""
    return _under("model", nn.Sequential(*_blocks(config, config.shared)))


def _blocks(config: AutoencoderGenerator, count: int) -> list[nn.Module]:
    return [ResnetBlock(config.width * 2**config.downs, config.norm) for _ in range(count)]


def _under(name: str, network: nn.Module) -> nn.Sequential:
    """The same network, whose keys begin with a name."""
    outer = nn.Sequential()
    outer.add_module(name, network)
    return outer
