"""Which image sizes the networks of a preset can take, by the arithmetic of their layers. Torch-free."""

from __future__ import annotations

from typing import assert_never

from engine.config.methods import TrainConfig
from engine.config.schema import (
    DataConfig,
    DiscriminatorConfig,
    GeneratorConfig,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from engine.errors import RequestError

_RESNET_STEP = 4
"""A ResNet generator halves its map twice: other sizes come back grown (66 px as 68)."""
_RESNET_LEAST = 8
"""Its residual blocks pad a quarter of the side by reflection, which takes 2 px."""


def check_geometry(config: TrainConfig) -> None:
    """Refuse a preset whose crop its networks cannot take, or whose images are smaller than its crop.

    Raises:
        RequestError: naming the key, what does not fit, and a value that does.
    """
    _check_resize(config.data)
    _check_crop_for_generator(config.generator, config.data.crop)
    _check_crop_for_discriminator(config.discriminator, config.data.crop)


def check_translatable(config: GeneratorConfig, *, height: int, width: int) -> None:
    """Refuse images whose sides, in pixels, a generator cannot take.

    Raises:
        RequestError: naming the size, what does not fit, and the nearest size that does.
    """
    fitting = [nearest_side(config, side) for side in (height, width)]
    if fitting != [height, width]:
        raise RequestError(
            f"an image of {width}x{height} px",
            _generator_needs(config),
            f"Resize or crop it, to {fitting[1]}x{fitting[0]} for instance.",
        )


def nearest_side(config: GeneratorConfig, side: int) -> int:
    """The side in pixels nearest to `side` that a generator takes; `side` itself if it does."""
    step, least = _side_rule(config)
    return max(least, (2 * side + step) // (2 * step) * step)


def receptive_field(layers: int) -> int:
    """The side in pixels of the patch that one output of a PatchGAN with so many strided layers judges.

    16, 34, 70, 142, 286 for 1 to 5: its 4x4 convolutions have stride 2 except the last two.
    """
    field = 1
    for stride in (1, 1, *[2] * layers):
        field = (field - 1) * stride + 4
    return field


def patch_map_side(layers: int, side: int) -> int:
    """The side of a PatchGAN's output map for images of so many pixels a side; below 1 there is none."""
    for stride in (*[2] * layers, 1, 1):
        side = (side + 2 - 4) // stride + 1
    return side


def _check_resize(data: DataConfig) -> None:
    if 0 < data.resize < data.crop:
        raise RequestError(
            "data.crop",
            f"a crop of {data.crop} px does not fit into images resized to {data.resize} px",
            f"Set data.resize to {data.crop} or more, or data.crop to {data.resize} or less.",
        )


def _check_crop_for_generator(config: GeneratorConfig, crop: int) -> None:
    fitting = nearest_side(config, crop)
    if fitting != crop:
        raise RequestError(
            "data.crop",
            f"{crop} px does not suit the generator, which {_generator_needs(config)}",
            f"Set it to {fitting}.",
        )


def _side_rule(config: GeneratorConfig) -> tuple[int, int]:
    """A side must be a multiple of the first and at least the second, in pixels."""
    match config:
        case ResnetGenerator():
            return _RESNET_STEP, _RESNET_LEAST
        case UnetGenerator():
            return 2**config.downs, 2**config.downs
        case _:
            assert_never(config)


def _generator_needs(config: GeneratorConfig) -> str:
    match config:
        case ResnetGenerator():
            return f"(resnet) takes sides that are multiples of {_RESNET_STEP}, {_RESNET_LEAST} px or more"
        case UnetGenerator():
            return f"(unet, downs = {config.downs}) takes sides that are multiples of {2**config.downs} px"
        case _:
            assert_never(config)


def _check_crop_for_discriminator(config: DiscriminatorConfig, crop: int) -> None:
    match config:
        case PatchDiscriminator():
            if patch_map_side(config.layers, crop) < 1:
                least = 3 * 2**config.layers
                raise RequestError(
                    "data.crop",
                    f"{crop} px leaves no patch to a discriminator of {config.layers} layers, which needs {least} px",
                    f"Set it to {least} or more, or lower discriminator.layers.",
                )
        case PixelDiscriminator():
            pass
        case _:
            assert_never(config)
