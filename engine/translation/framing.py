"""An image in the size that networks take: padded by reflection, so that the part that counts can be cut out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.config.geometry import padded_side
from engine.config.networks import GeneratorConfig

Pixels: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), contiguous."""


@dataclass(frozen=True)
class Framed:
    """An image amid its reflections."""

    pixels: Pixels
    """Of sides that the networks take."""
    top: int
    """Where the image begins in it, in pixels."""
    left: int
    height: int
    width: int

    def cut(self, pixels: Pixels) -> Image.Image:
        """The image's own part of what the networks made of the pixels, RGB."""
        own = pixels[self.top : self.top + self.height, self.left : self.left + self.width]
        return Image.fromarray(np.ascontiguousarray(own))


def framed(image: Image.Image, generator: GeneratorConfig) -> Framed:
    """An RGB image, padded on all sides alike, by no more than its networks ask for."""
    top, below = _around(generator, image.height)
    left, right = _around(generator, image.width)
    pixels = np.asarray(image)
    if top or below or left or right:
        # NumPy reflects as often as it takes; PyTorch refuses more than the image is large.
        pixels = np.pad(pixels, ((top, below), (left, right), (0, 0)), mode="reflect")
    return Framed(pixels, top, left, image.height, image.width)


def scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """An RGB image in another size, as training resizes: bicubic."""
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


def _around(generator: GeneratorConfig, side: int) -> tuple[int, int]:
    """Pixels before and after a side."""
    missing = padded_side(generator, side) - side
    return missing // 2, missing - missing // 2
