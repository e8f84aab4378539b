"""What the networks see of an image: resized to a square, cropped, perhaps mirrored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels: TypeAlias = NDArray[np.uint8]


class ImageTooSmallError(ValueError):
    """An image whose own size is kept (resize = 0) does not contain the crop."""


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How an image becomes crop x crop pixels."""

    resize: int
    """Side in pixels of the square it is resized to, bicubic, whatever its aspect; 0 keeps its size."""
    crop: int
    """Side in pixels of the square cut from it."""
    flip: bool
    """Mirror it left to right with probability one half."""

    def at_random(self, image: Image.Image, draw: np.random.Generator) -> Pixels:
        """A training view: uint8, (3, crop, crop). Always takes three draws, so that settings do not shift later ones.

        Raises:
            ImageTooSmallError: it is smaller than the crop and its size is kept.
        """
        x, y, mirror = draw.random(3)
        sized = self._sized(image)
        left = int(x * (sized.width - self.crop + 1))
        top = int(y * (sized.height - self.crop + 1))
        pixels = self._cut(sized, left, top)
        return np.ascontiguousarray(pixels[:, :, ::-1]) if self.flip and mirror < 0.5 else pixels

    def centred(self, image: Image.Image) -> Pixels:
        """The view for sample sheets: the middle, never mirrored; uint8, (3, crop, crop).

        Raises:
            ImageTooSmallError: it is smaller than the crop and its size is kept.
        """
        sized = self._sized(image)
        return self._cut(sized, (sized.width - self.crop) // 2, (sized.height - self.crop) // 2)

    def _sized(self, image: Image.Image) -> Image.Image:
        if self.resize and image.size != (self.resize, self.resize):
            image = image.resize((self.resize, self.resize), Image.Resampling.BICUBIC)
        if min(image.size) < self.crop:
            raise ImageTooSmallError(f"is {image.width}x{image.height} px, smaller than data.crop = {self.crop}")
        return image

    def _cut(self, image: Image.Image, left: int, top: int) -> Pixels:
        window = image.crop((left, top, left + self.crop, top + self.crop))
        return np.ascontiguousarray(np.asarray(window).transpose(2, 0, 1))
