"""Files to pixels: any image that Pillow can decode, as upright 8-bit RGB; free of torch.

It lies here, and not with what trains, so that whoever looks through a folder beforehand decodes as training will.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.image_files import opened, orientation

if TYPE_CHECKING:
    from PIL.Image import Image

_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""What undoes each EXIF orientation, by its name in PIL.Image.Transpose."""


def open_rgb(path: Path) -> Image:
    """The image as 8-bit RGB, turned as its EXIF data says.

    Raises:
        UnreadableImageError: the file is missing, no image, truncated, a decompression bomb, or its values
            have another range.
    """
    with opened(path) as image:
        return upright_rgb(image)


def upright_rgb(image: Image) -> Image:
    """An opened image as 8-bit RGB, turned as its EXIF data says.

    Transparent pixels are laid over white. 16-bit greys are scaled to 8 bits; floats are taken to run from 0 to 1, or
    from 0 to 255 where one exceeds 1. Colour profiles are ignored. An animation gives its first frame.

    Raises:
        Exception: whatever Pillow's decoders trip over; ValueError for values of another range.
    """
    return _turned(_to_rgb(image), orientation(image))


def upright_alpha(image: Image) -> Image | None:
    """An opened image's transparency in 8 bits, turned as its EXIF data says; None where it has none.

    Raises:
        Exception: whatever Pillow's decoders trip over.
    """
    if not image.has_transparency_data:
        return None
    return _turned(image.convert("RGBA").getchannel("A"), orientation(image))


def _turned(image: Image, orientation: int) -> Image:
    from PIL.Image import Transpose

    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(Transpose[turn])


def _to_rgb(image: Image) -> Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_16_bit(image)
    if image.mode == "F":
        return _from_float(image)
    if image.has_transparency_data:
        return _over_white(image.convert("RGBA"))
    return image.convert("RGB")  # loads a file that is RGB already


def _from_16_bit(image: Image) -> Image:
    import numpy as np
    from PIL.Image import fromarray

    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError(f"32-bit values from {values.min()} to {values.max()}, where 0 to 65535 can be shown")
    return fromarray(((values + 128) // 257).astype(np.uint8)).convert("RGB")


def _from_float(image: Image) -> Image:
    import numpy as np
    from PIL.Image import fromarray

    values = np.asarray(image)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 255:
        raise ValueError("floating-point values outside 0 to 1 and 0 to 255")
    scaled = values * 255 if values.max() <= 1 else values
    return fromarray(np.rint(scaled).astype(np.uint8)).convert("RGB")


def _over_white(image: Image) -> Image:
    from PIL.Image import alpha_composite, new

    return alpha_composite(new("RGBA", image.size, "white"), image).convert("RGB")
