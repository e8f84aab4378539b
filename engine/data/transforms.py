"""What the networks see of an image: resized to a square, cropped, perhaps mirrored.

What is the same in every view of an image is its size; what is drawn is the cut. A view is made of an image in one go,
or cut from the image at its size that was kept (engine.data.cache): the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels: TypeAlias = NDArray[np.uint8]
Numbers: TypeAlias = NDArray[np.float64]
"""(3,), in 0..1: where a view is across and down, and whether it is mirrored."""
Pair: TypeAlias = tuple[Image.Image, Image.Image]


class UnfitImageError(ValueError):
    """An image, or a pair, that cannot be framed as asked."""


class ImageTooSmallError(UnfitImageError):
    """An image whose own size is kept (resize = 0) does not contain the crop."""


class UnequalPairError(UnfitImageError):
    """A pair whose own sizes are kept (resize = 0) differs in them, so that it cannot be cropped alike."""


class Cut(NamedTuple):
    """Which part of an image at its size is seen, in pixels."""

    left: int
    top: int
    mirrored: bool


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How an image becomes crop x crop pixels."""

    resize: int
    """Side in pixels of the square it is resized to, bicubic, whatever its aspect; 0 keeps its size."""
    crop: int
    """Side in pixels of the square cut from it."""
    flip: bool
    """Mirror it left to right with probability one half."""

    def at_random(self, image: Image.Image, numbers: Numbers) -> Pixels:
        """A training view: uint8, (3, crop, crop).

        Raises:
            ImageTooSmallError: it is smaller than the crop and its size is kept.
        """
        return self._view(self._sized(image), numbers)

    def alike_at_random(self, pair: Pair, numbers: Numbers) -> tuple[Pixels, Pixels]:
        """The same training view of both images of a pair, as at_random.

        Raises:
            ImageTooSmallError: they are smaller than the crop and their size is kept.
            UnequalPairError: they differ in size and their size is kept.
        """
        first, second = self._sized_alike(pair)
        return self._view(first, numbers), self._view(second, numbers)

    def at_size(self, image: Image.Image) -> Pixels:
        """The whole image at the size that views are cut from: uint8, (1, 3, height, width).

        Raises:
            ImageTooSmallError: it is smaller than the crop and its size is kept.
        """
        return np.array(_planes(self._sized(image))[None], order="C")

    def alike_at_size(self, pair: Pair) -> Pixels:
        """Both images of a pair, as at_size: uint8, (2, 3, height, width).

        Raises:
            ImageTooSmallError: they are smaller than the crop and their size is kept.
            UnequalPairError: they differ in size and their size is kept.
        """
        return np.array([_planes(sized) for sized in self._sized_alike(pair)], order="C")

    def cut(self, width: int, height: int, numbers: Numbers) -> Cut:
        """The part seen of an image that is at its size."""
        x, y, mirror = numbers
        left = int(x * (width - self.crop + 1))
        top = int(y * (height - self.crop + 1))
        return Cut(left, top, bool(self.flip and mirror < 0.5))

    def alike_centred(self, pair: Pair) -> tuple[Pixels, Pixels]:
        """The views of a pair for sample sheets, as centred.

        Raises:
            ImageTooSmallError: they are smaller than the crop and their size is kept.
            UnequalPairError: they differ in size and their size is kept.
        """
        first, second = self._sized_alike(pair)
        return self.centred(first), self.centred(second)

    def centred(self, image: Image.Image) -> Pixels:
        """The view for sample sheets: the middle, never mirrored; uint8, (3, crop, crop).

        Raises:
            ImageTooSmallError: it is smaller than the crop and its size is kept.
        """
        sized = self._sized(image)
        return self._cut(sized, (sized.width - self.crop) // 2, (sized.height - self.crop) // 2)

    def _view(self, sized: Image.Image, numbers: Numbers) -> Pixels:
        left, top, mirrored = self.cut(sized.width, sized.height, numbers)
        pixels = self._cut(sized, left, top)
        return np.ascontiguousarray(pixels[:, :, ::-1]) if mirrored else pixels

    def _sized_alike(self, pair: Pair) -> Pair:
        first, second = self._sized(pair[0]), self._sized(pair[1])
        if first.size != second.size:
            sizes = f"is {first.width}x{first.height} px and its partner {second.width}x{second.height} px"
            raise UnequalPairError(f"{sizes}: without data.resize they cannot be cropped alike")
        return first, second

    def _sized(self, image: Image.Image) -> Image.Image:
        if self.resize and image.size != (self.resize, self.resize):
            image = image.resize((self.resize, self.resize), Image.Resampling.BICUBIC)
        if min(image.size) < self.crop:
            raise ImageTooSmallError(f"is {image.width}x{image.height} px, smaller than data.crop = {self.crop}")
        return image

    def _cut(self, image: Image.Image, left: int, top: int) -> Pixels:
        window = image.crop((left, top, left + self.crop, top + self.crop))
        return np.ascontiguousarray(_planes(window))


def _planes(image: Image.Image) -> Pixels:
    """(3, height, width), a view of what Pillow gives."""
    return np.asarray(image).transpose(2, 0, 1)
