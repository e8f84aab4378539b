"""Which image sizes the networks of a preset can take, by the arithmetic of their layers. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from engine.config.data import DataConfig, PairedData, SyntheticData, UnpairedData
from engine.config.methods import TrainConfig
from engine.config.networks import (
    AutoencoderGenerator,
    DecoderGenerator,
    EncoderDecoderGenerator,
    GeneratorConfig,
    ImageDiscriminator,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from engine.errors import RequestError

DTN_SIDE = 32
"""The side in pixels of DTN's images: f halves them five times, to one pixel, and g doubles that again."""
_LAST_MAP = 4
"""Side of the map at which an image discriminator, or a bottleneck, looks at the whole of it."""
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
    _check_innermost_map(config)
    _check_crop_for_generator(config)
    _check_crop_for_discriminator(config)


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
    return _sides(config).nearest(side)


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


@dataclass(frozen=True)
class _Sides:
    """Multiples of a step from the least to the most, in pixels."""

    step: int
    least: int
    most: int | None = None

    def nearest(self, side: int) -> int:
        """The one nearest to `side`."""
        fitting = max(self.least, (2 * side + self.step) // (2 * self.step) * self.step)
        return fitting if self.most is None else min(self.most, fitting)


def _sides(config: GeneratorConfig) -> _Sides:
    match config:
        case ResnetGenerator():
            return _Sides(_RESNET_STEP, _RESNET_LEAST)
        case UnetGenerator():
            return _Sides(2**config.downs, 2**config.downs)
        case EncoderDecoderGenerator():
            step = 2**config.downs
            exact = _LAST_MAP * step  # the bottleneck is a convolution over the whole of the innermost map
            least = 2 * step if config.norm == "instance" else step  # which makes a single pixel 0
            return _Sides(step, exact, exact) if config.bottleneck else _Sides(step, least)
        case DecoderGenerator():
            return _Sides(DTN_SIDE, DTN_SIDE, DTN_SIDE)
        case AutoencoderGenerator():
            return _Sides(2**config.downs, 2 * 2**config.downs)
        case _:
            assert_never(config)


def _generator_needs(config: GeneratorConfig) -> str:
    sides, arch = _sides(config), str(config.__struct_config__.tag)
    if isinstance(config, UnetGenerator | EncoderDecoderGenerator | AutoencoderGenerator):
        arch += f", downs = {config.downs}"
    if isinstance(config, EncoderDecoderGenerator) and config.norm == "instance":
        arch += f", norm = {config.norm}"
    if sides.most is not None:
        return f"({arch}) takes {sides.most} px and no other side"
    least = f", {sides.least} px or more" if sides.least > sides.step else ""
    return f"({arch}) takes sides that are multiples of {sides.step} px{least}"


def _check_resize(data: DataConfig) -> None:
    if 0 < data.resize < data.crop:
        raise RequestError(
            "data.crop",
            f"a crop of {data.crop} px does not fit into images resized to {data.resize} px",
            f"Set data.resize to {data.crop} or more, or data.crop to {data.resize} or less.",
        )


def _check_innermost_map(config: TrainConfig) -> None:
    """Refuse an encoder-decoder whose innermost map is a single pixel that its normalisation cannot take.

    The innermost map of a U-Net is not normalised; other generators have larger ones.
    """
    generator, crop = config.generator, config.data.crop
    if not isinstance(generator, EncoderDecoderGenerator) or generator.bottleneck or crop != 2**generator.downs:
        return
    subject, fact = f"generator.downs = {generator.downs}", f"leaves a single pixel of {crop} px, "
    if generator.norm == "instance":
        fix = 'Lower it, or set generator.norm to "group" or "none".'
        raise RequestError(subject, f"{fact}which instance normalisation makes 0", fix)
    if generator.norm == "batch" and config.run.batch == 1:
        fact += "which batch normalisation takes of two images or more"
        raise RequestError(subject, fact, 'Lower it, raise run.batch, or set generator.norm to "group" or "none".')


def _check_crop_for_generator(config: TrainConfig) -> None:
    crop = config.data.crop
    fitting = nearest_side(config.generator, crop)
    if fitting != crop:
        fact = f"{crop} px does not suit the generator, which {_generator_needs(config.generator)}"
        raise RequestError(_crop_key(config), fact, f"Set it to {fitting}.")


def _check_crop_for_discriminator(config: TrainConfig) -> None:
    crop, discriminator = config.data.crop, config.discriminator
    match discriminator:
        case PatchDiscriminator():
            shrink = 2 ** (discriminator.scales - 1)
            if patch_map_side(discriminator.layers, -(-crop // shrink)) < 1:
                least = 3 * 2**discriminator.layers * shrink
                what = f"a discriminator of {discriminator.layers} layers"
                what += f" in {discriminator.scales} scales" if discriminator.scales > 1 else ""
                fact = f"{crop} px leaves no patch to {what}, which needs {least} px"
                raise RequestError(
                    _crop_key(config), fact, f"Set it to {least} or more, or lower discriminator.layers."
                )
        case ImageDiscriminator():
            exact = _LAST_MAP * 2**discriminator.downs
            if crop != exact:
                fact = f"{crop} px does not suit the discriminator, which (image, downs = {discriminator.downs}) takes"
                fix = f"Set it to {exact}, or discriminator.downs to another value."
                raise RequestError(_crop_key(config), f"{fact} {exact} px and no other side", fix)
        case PixelDiscriminator():
            pass
        case _:
            assert_never(discriminator)


def _crop_key(config: TrainConfig) -> str:
    return "data.crop" if isinstance(config.data, UnpairedData | PairedData | SyntheticData) else "data.size"
