"""Which image sizes the networks of a preset can take, by the arithmetic of their layers. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import msgspec

from engine.config.data import PairedData, SyntheticData, UnpairedData
from engine.config.methods import TrainConfig
from engine.config.networks import (
    DOWNS_OF_AUTOENCODER,
    DOWNS_OF_ENCODER_DECODER,
    DOWNS_OF_IMAGE,
    DOWNS_OF_UNET,
    UNET_WITHOUT_DROPOUT,
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
"""The side in pixels of DTN's images: f halves them four times, to 2 px, and g doubles those again."""
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
    _check_resize(config)
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
    return sides_of(config).nearest(side)


def padded_side(config: GeneratorConfig, side: int) -> int:
    """The least side in pixels, no smaller than `side`, that a generator takes; 0 where it takes none so large."""
    return sides_of(config).from_on(side)


def only_side(config: GeneratorConfig) -> int:
    """The side in pixels that a generator takes and no other; 0 where it takes many."""
    return sides_of(config).most or 0


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
class Sides:
    """Multiples of a step from the least to the most, in pixels."""

    step: int
    least: int
    most: int | None = None
    """None where there is no most."""

    def nearest(self, side: int) -> int:
        """The one nearest to `side`."""
        fitting = max(self.least, (2 * side + self.step) // (2 * self.step) * self.step)
        return fitting if self.most is None else min(self.most, fitting)

    def up_to(self, side: int) -> int:
        """The largest that is no larger than `side`; 0 where there is none."""
        fitting = side // self.step * self.step
        fitting = fitting if self.most is None else min(self.most, fitting)
        return fitting if fitting >= self.least else 0

    def from_on(self, side: int) -> int:
        """The smallest that is no smaller than `side`; 0 where there is none."""
        fitting = max(self.least, -(-side // self.step) * self.step)
        return fitting if self.most is None or fitting <= self.most else 0


def sides_of(config: GeneratorConfig) -> Sides:
    """The sides of images that a generator takes."""
    match config:
        case ResnetGenerator():
            return Sides(_RESNET_STEP, _RESNET_LEAST)
        case UnetGenerator():
            return Sides(2**config.downs, 2**config.downs)
        case EncoderDecoderGenerator():
            step = 2**config.downs
            exact = _LAST_MAP * step  # the bottleneck is a convolution over the whole of the innermost map
            least = 2 * step if config.norm == "instance" else step  # which makes a single pixel 0
            return Sides(step, exact, exact) if config.bottleneck else Sides(step, least)
        case DecoderGenerator():
            return Sides(DTN_SIDE, DTN_SIDE, DTN_SIDE)
        case AutoencoderGenerator():
            return Sides(2**config.downs, 2 * 2**config.downs)
        case _:
            assert_never(config)


def _generator_needs(config: GeneratorConfig) -> str:
    sides, arch = sides_of(config), str(config.__struct_config__.tag)
    if isinstance(config, UnetGenerator | EncoderDecoderGenerator | AutoencoderGenerator):
        arch += f", downs = {config.downs}"
    if isinstance(config, EncoderDecoderGenerator) and config.norm == "instance":
        arch += f", norm = {config.norm}"
    if sides.most is not None:
        return f"({arch}) takes {sides.most} px and no other side"
    least = f", {sides.least} px or more" if sides.least > sides.step else ""
    return f"({arch}) takes sides that are multiples of {sides.step} px{least}"


def _check_resize(config: TrainConfig) -> None:
    data = config.data
    if 0 < data.resize < data.crop:
        fact = f"a crop of {data.crop} px does not fit into images resized to {data.resize} px"
        smaller = sides_of(config.generator).up_to(data.resize)
        others = f", or data.crop to {smaller}" if smaller else ""
        raise RequestError("data.crop", fact, f"Set data.resize to {data.crop} or more{others}.")


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
    if nearest_side(config.generator, crop) != crop:
        fact = f"{crop} px does not suit the generator, which {_generator_needs(config.generator)}"
        nearest = nearest_side(config.generator, crop)
        if not _has_room(config, nearest):
            nearest = sides_of(config.generator).up_to(config.data.resize) or nearest
        fixes = [_crop_to(config, nearest), _downs_that_fit(config.generator, crop)]
        raise RequestError(_crop_key(config), fact, f"Set {', or '.join(filter(None, fixes))}.")


def _has_room(config: TrainConfig, crop: int) -> bool:
    """Whether the images, as they are resized, hold a crop; those that keep their size, and digits, hold any."""
    data = config.data
    return not (isinstance(data, UnpairedData | PairedData | SyntheticData) and 0 < data.resize < crop)


def _crop_to(config: TrainConfig, crop: int) -> str:
    return f"it to {crop}" if _has_room(config, crop) else f"it and data.resize to {crop}"


def _downs_that_fit(generator: GeneratorConfig, crop: int) -> str:
    """The halvings nearest to the generator's with which it takes a crop; empty where there are none."""
    match generator:
        case UnetGenerator():
            known = DOWNS_OF_UNET
        case EncoderDecoderGenerator():
            known = DOWNS_OF_ENCODER_DECODER
        case AutoencoderGenerator():
            known = DOWNS_OF_AUTOENCODER
        case ResnetGenerator() | DecoderGenerator():
            return ""
        case _:
            assert_never(generator)
    others = [msgspec.structs.replace(generator, downs=downs) for downs in known]
    fitting = [other for other in others if nearest_side(other, crop) == crop]
    if not fitting:
        return ""
    other = min(fitting, key=lambda other: abs(other.downs - generator.downs))
    undone = isinstance(other, UnetGenerator) and other.dropout and other.downs <= UNET_WITHOUT_DROPOUT
    return f"generator.downs to {other.downs}" + (" and generator.dropout to false" if undone else "")


def _check_crop_for_discriminator(config: TrainConfig) -> None:
    match config.discriminator:
        case PatchDiscriminator():
            _check_patches(config, config.discriminator)
        case ImageDiscriminator():
            _check_last_map(config, config.discriminator)
        case PixelDiscriminator():
            pass
        case _:
            assert_never(config.discriminator)


def _check_patches(config: TrainConfig, discriminator: PatchDiscriminator) -> None:
    crop, shrink = config.data.crop, 2 ** (discriminator.scales - 1)
    if _has_patch(discriminator.layers, crop, shrink):
        return
    least = 3 * 2**discriminator.layers * shrink
    what = f"a discriminator of {discriminator.layers} layers"
    what += f" in {discriminator.scales} scales" if discriminator.scales > 1 else ""
    larger = sides_of(config.generator).from_on(least)
    fewer = next((layers for layers in range(discriminator.layers - 1, 0, -1) if _has_patch(layers, crop, shrink)), 0)
    fixes = [_crop_to(config, larger) if larger else "", f"discriminator.layers to {fewer}" if fewer else ""]
    raise RequestError(_crop_key(config), f"{crop} px leaves no patch to {what}, which needs {least} px", _set(fixes))


def _check_last_map(config: TrainConfig, discriminator: ImageDiscriminator) -> None:
    crop, exact = config.data.crop, _LAST_MAP * 2**discriminator.downs
    if crop == exact:
        return
    fact = f"{crop} px does not suit the discriminator, which (image, downs = {discriminator.downs}) takes"
    fixes = [_crop_to(config, exact)] if nearest_side(config.generator, exact) == exact else []
    fixes += [f"discriminator.downs to {downs}" for downs in DOWNS_OF_IMAGE if _LAST_MAP * 2**downs == crop]
    raise RequestError(_crop_key(config), f"{fact} {exact} px and no other side", _set(fixes))


def _set(fixes: Sequence[str]) -> str:
    """A fix of those that there are, such as "it to 256"; another discriminator is always one."""
    return f"Set {', or '.join([fix for fix in fixes if fix] or ['discriminator.arch to pixel'])}."


def _has_patch(layers: int, crop: int, shrink: int) -> bool:
    """Whether a PatchGAN judges anything of an image that is so many times smaller than the crop."""
    return patch_map_side(layers, -(-crop // shrink)) >= 1


def _crop_key(config: TrainConfig) -> str:
    return "data.crop" if isinstance(config.data, UnpairedData | PairedData | SyntheticData) else "data.size"
