"""Files to pixels: any image that Pillow can decode, as upright 8-bit RGB."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from engine.config.image_files import UnreadableImageError, opened, orientation

__all__ = ["UPRIGHT", "UnreadableImageError", "open_rgb", "to_rgb"]

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""


def open_rgb(path: Path) -> Image.Image:
    """The image as 8-bit RGB, turned as its EXIF data says.

    Transparent pixels are laid over white. 16-bit greys are scaled to 8 bits; floats are taken to run from 0 to 1, or
    from 0 to 255 where one exceeds 1. Colour profiles are ignored. An animation gives its first frame.

    Raises:
        UnreadableImageError: the file is missing, no image, truncated, a decompression bomb, or its values
            have another range.
    """
    with opened(path) as image:
        turn = UPRIGHT.get(orientation(image))
        rgb = to_rgb(image)
        return rgb if turn is None else rgb.transpose(turn)


def to_rgb(image: Image.Image) -> Image.Image:
    """An image as it is stored, as open_rgb makes it 8-bit RGB, but not turned.

    Raises:
        ValueError: its values have a range that no image has.
    """
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_16_bit(image)
    if image.mode == "F":
        return _from_float(image)
    if image.has_transparency_data:
        return _over_white(image.convert("RGBA"))
    return image.convert("RGB")  # loads a file that is RGB already


def _from_16_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError(f"32-bit values from {values.min()} to {values.max()}, where 0 to 65535 can be shown")
    return Image.fromarray(((values + 128) // 257).astype(np.uint8)).convert("RGB")


def _from_float(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 255:
        raise ValueError("floating-point values outside 0 to 1 and 0 to 255")
    scaled = values * 255 if values.max() <= 1 else values
    return Image.fromarray(np.rint(scaled).astype(np.uint8)).convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image).convert("RGB")
