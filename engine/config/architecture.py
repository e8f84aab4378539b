"""What the networks of a preset are, in a few words for people. Torch-free."""

from __future__ import annotations

from typing import assert_never

from engine.config.geometry import receptive_field
from engine.config.methods import TrainConfig
from engine.config.networks import (
    AutoencoderGenerator,
    DecoderGenerator,
    DiscriminatorConfig,
    EncoderDecoderGenerator,
    GeneratorConfig,
    ImageDiscriminator,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)


def networks_in_words(config: TrainConfig) -> dict[str, str]:
    """The generator, and what the discriminator judges: {"generator": "resnet of 9 blocks", ...}."""
    return {"generator": _generator(config.generator), "discriminator": _discriminator(config.discriminator)}


def _generator(config: GeneratorConfig) -> str:
    match config:
        case ResnetGenerator() | AutoencoderGenerator():
            return f"{config.__struct_config__.tag} of {_counted(config.blocks, 'block')}"
        case UnetGenerator() | EncoderDecoderGenerator():
            return f"{config.__struct_config__.tag} of {_counted(config.downs, 'down')}"
        case DecoderGenerator():
            return "decoder of f's features"
        case _:
            assert_never(config)


def _discriminator(config: DiscriminatorConfig) -> str:
    match config:
        case PatchDiscriminator():
            judged = f"patches of {receptive_field(config.layers)} px"
            judged += f" in {config.scales} scales" if config.scales > 1 else ""
        case PixelDiscriminator():
            judged = "single pixels"
        case ImageDiscriminator():
            judged = "whole images"
        case _:
            assert_never(config)
    return judged if config.count == 1 else f"{judged}, {config.count} judges"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("s" if number > 1 else "")
