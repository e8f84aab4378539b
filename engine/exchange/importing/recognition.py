"""Which network weights are of, by their keys and shapes, as the reference implementation names them.

What keys do not tell: dropout in a U-Net, which has no weights and shifts no key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from engine.config.networks import (
    DOWNS_OF_UNET,
    DiscriminatorConfig,
    Norm,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)
from engine.errors import RequestError
from engine.networks.discriminators import build_discriminator
from engine.networks.generators import build_generator

COLOURS = 3
_BLOCK = re.compile(r"model\.(\d+)\.conv_block\.")
_FIRST_BLOCK = 10
"""Position of a ResNet's first residual block."""
_LEVEL = re.compile(r"model\.model\.1((?:\.model\.[13])*)\.model\.1\.weight")
_CONVOLUTION = re.compile(r"model\.\d+\.weight")
MOST_BLOCKS, MOST_LAYERS = 32, 6
"""As the configuration has them: of files with more, a key does not fit."""
MOST_CHANNELS = 4096
"""Of a first layer: a network of more could not even be described."""
_FIX = "Import files of a ResNet, a U-Net, a PatchGAN or a pixel discriminator of the reference implementation."

State = Mapping[str, Tensor]


def generator_of(state: State, file: str) -> TranslatingGenerator:
    """The generator that weights are of; a U-Net's dropout is left off.

    Args:
        state: tidied weights.
        file: where they come from, for messages.

    Raises:
        RequestError: naming the first key that does not fit.
    """
    config: TranslatingGenerator
    if "model.model.0.weight" in state:
        config = _unet(state)
    elif "model.1.weight" in state and any(map(_BLOCK.match, state)):
        config = _resnet(state)
    else:
        raise _unknown(state, file, "generator")
    with torch.device("meta"):
        _require_fit(state, build_generator(config, COLOURS, COLOURS), file, "generator")
    return config


def discriminator_of(state: State, file: str, channels: int) -> DiscriminatorConfig:
    """The discriminator that weights are of.

    Args:
        state: tidied weights.
        file: where they come from, for messages.
        channels: of what it judges: 3, or 6 for pairs.

    Raises:
        RequestError: naming the first key that does not fit.
    """
    config: DiscriminatorConfig
    if "net.0.weight" in state:
        config = PixelDiscriminator(width=_width(state, "net.0.weight"), norm=_norm(state, "net.2", "net.3"))
    elif "model.0.weight" in state:
        convolutions = [key for key, value in state.items() if _CONVOLUTION.fullmatch(key) and value.ndim == 4]
        config = PatchDiscriminator(
            width=_width(state, "model.0.weight"),
            layers=min(max(1, len(convolutions) - 2), MOST_LAYERS),
            norm=_norm(state, "model.2", "model.3"),
        )
    else:
        raise _unknown(state, file, "discriminator")
    with torch.device("meta"):
        _require_fit(state, build_discriminator(config, channels), file, "discriminator")
    return config


def _resnet(state: State) -> ResnetGenerator:
    positions = {int(match[1]) for match in map(_BLOCK.match, state) if match}
    after = _FIRST_BLOCK + len(positions)
    resized = f"model.{after}.weight" not in state and f"model.{after + 1}.weight" in state
    return ResnetGenerator(
        width=_width(state, "model.1.weight"),
        blocks=min(len(positions), MOST_BLOCKS),
        norm=_norm(state, "model.1", "model.2"),
        dropout=f"model.{_FIRST_BLOCK}.conv_block.5.weight" not in state,
        upsample="resize" if resized else "transposed",
    )


def _unet(state: State) -> UnetGenerator:
    below = [match[1].count(".model.") for match in map(_LEVEL.fullmatch, state) if match]
    downs = max(below, default=-1) + 2
    return UnetGenerator(
        width=_width(state, "model.model.0.weight"),
        downs=min(max(downs, DOWNS_OF_UNET[0]), DOWNS_OF_UNET[-1]),
        norm=_norm(state, "model.model.1.model.1", "model.model.1.model.2"),
    )


def _width(state: State, key: str) -> int:
    """Channels of the first layer; what is beyond any network does not fit, by the shape of that key."""
    shape = state[key].shape
    return min(max(shape[0], 1), MOST_CHANNELS) if shape else 1


def _norm(state: State, convolution: str, norm: str) -> Norm:
    """The normalisation after a convolution; instance normalisation has no weights, and its convolution a bias."""
    if f"{norm}.running_mean" in state:
        return "batch"
    if f"{norm}.weight" in state and state[f"{norm}.weight"].ndim == 1:
        return "group"
    return "instance" if f"{convolution}.bias" in state else "none"


def _require_fit(state: State, network: nn.Module, file: str, what: str) -> None:
    """Every key there, none more, each of its shape."""
    expected = {key: value.shape for key, value in network.state_dict().items()}
    for key, shape in expected.items():
        if key not in state:
            raise RequestError(f"{file}: {key}", f"is not there, and the {what} that the other keys tell has it", _FIX)
        if state[key].shape != shape:
            fact = f"is {_shape(state[key].shape)}, and {_shape(shape)} in the {what} that the other keys tell"
            raise RequestError(f"{file}: {key}", fact, _FIX)
    for key in state:
        if key not in expected:
            raise RequestError(f"{file}: {key}", f"is none of the keys of the {what} that the others tell", _FIX)


def _shape(shape: torch.Size) -> str:
    return "x".join(map(str, shape)) or "a number"


def _unknown(state: State, file: str, what: str) -> RequestError:
    return RequestError(f"{file}: {next(iter(state))}", f"begins the keys of no {what} that is known here", _FIX)
