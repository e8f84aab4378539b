"""Two sets of labelled digits: which images meet in a batch, and the images and labels of each set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.domains import Domain, Problem, read_framed
from engine.data.draws import Purpose, generator
from engine.data.epochs import Labels, Loaded, Place, batches_in, nothing, order_of_epoch, positions, size_of
from engine.data.transforms import Pixels

KEPT_BYTES = 256 * 2**20
"""The room that a set of decoded images may take: 87,000 of 32 x 32 px."""


class Digits(NamedTuple):
    """Some images of a set."""

    pixels: Pixels
    """uint8, (N, 3, side, side)."""
    labels: Labels
    problems: tuple[Problem, ...] = ()
    """Images passed over; others, with their own labels, are in their places."""


class DigitSet(Protocol):
    """Labelled images numbered from 0."""

    @property
    def name(self) -> str:
        """What a message calls it."""

    @property
    def labels(self) -> Labels:
        """The digit of every image."""

    def __len__(self) -> int: ...

    def take(self, numbers: NDArray[np.int64]) -> Digits:
        """The images with these numbers. Raises WorkError: no image of the set can be read."""

    def short_name(self, index: int) -> str:
        """What tells one image from the others, and its label with it."""


def in_batches(digits: DigitSet, batch: int) -> Iterator[Digits]:
    """Every image of a set once, in order, so many at a time.

    Raises:
        WorkError: no image of the set can be read.
    """
    for first in range(0, len(digits), batch):
        yield digits.take(np.arange(first, min(first + batch, len(digits))))


@dataclass(frozen=True, kw_only=True)
class GreyDigits:
    """Small greys kept in memory as they were read."""

    name: str
    greys: Pixels
    """uint8, (N, H, W)."""
    labels: Labels
    side: int
    """Side in pixels at which they are given, as RGB."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, numbers: NDArray[np.int64]) -> Digits:
        """The images with these numbers."""
        resized = resize_greys(self.greys[numbers], self.side)
        return Digits(np.repeat(resized[:, None], 3, axis=1), self.labels[numbers])

    def short_name(self, index: int) -> str:
        """Its number and its label."""
        return f"{index}:{self.labels[index]}"


class ReadDigits:
    """Images that are read, or drawn, one by one when they are first asked for.

    Args:
        domain: the images, whose short names tell their labels.
        labels: the digit of each.
        side: in pixels, to which every image is resized, bicubic.
        room: bytes that the set may take in memory, so that no image is read twice; where it would take more, none is
            kept.
    """

    def __init__(self, domain: Domain, labels: Labels, side: int, *, room: int = KEPT_BYTES) -> None:
        self.labels = labels
        self._domain = domain
        self._side = side
        shape = (len(domain), 3, side, side)
        self._kept = np.empty(shape, np.uint8) if np.prod(shape, dtype=np.int64) <= room else None
        self._is_kept = np.zeros(len(domain), np.bool_)

    @property
    def name(self) -> str:
        """The domain's."""
        return self._domain.name

    def __len__(self) -> int:
        return len(self._domain)

    def take(self, numbers: NDArray[np.int64]) -> Digits:
        """The images with these numbers; in place of one that cannot be read, the next that can.

        Raises:
            WorkError: no image of the set can be read.
        """
        pixels = np.empty((len(numbers), 3, self._side, self._side), np.uint8)
        used = numbers.copy()
        problems: list[Problem] = []
        for row, number in enumerate(numbers.tolist()):
            if self._kept is not None and self._is_kept[number]:
                pixels[row] = self._kept[number]
                continue
            pixels[row], used[row], passed_over = read_framed(self._domain, number, self._resized)
            problems.extend(passed_over)
            if self._kept is not None:
                self._kept[used[row]], self._is_kept[used[row]] = pixels[row], True
        return Digits(pixels, self.labels[used], tuple(problems))

    def short_name(self, index: int) -> str:
        """The domain's."""
        return self._domain.short_name(index)

    def _resized(self, image: Image.Image) -> Pixels:
        sized = image.resize((self._side, self._side), Image.Resampling.BICUBIC)
        return np.asarray(sized).transpose(2, 0, 1)


@dataclass(frozen=True, kw_only=True)
class LabelledImages:
    """Two sets without correspondence, whole and upright.

    An epoch has as many items as the larger set has images, in an order shuffled anew each epoch. Item k shows image k
    modulo the size of domain A, with an image of domain B drawn uniformly at random.
    """

    domain_A: DigitSet
    domain_B: DigitSet
    seed: int
    whole_batches: bool = False
    """Leave out an epoch's last batch where it would be smaller than the others."""

    @property
    def domains(self) -> tuple[DigitSet, DigitSet]:
        """A and B."""
        return self.domain_A, self.domain_B

    @property
    def items(self) -> int:
        """Items in an epoch."""
        return max(len(self.domain_A), len(self.domain_B))

    def batches_per_epoch(self, batch: int) -> int:
        """Batches in an epoch, at least 1."""
        return batches_in(self.items, batch, whole=self.whole_batches)

    def items_at(self, place: Place, batch: int) -> int:
        """Items in the whole batch at a place, whatever its shard is."""
        return size_of(place, self.items, batch, whole=self.whole_batches)

    def load(self, place: Place, batch: int) -> Loaded:
        """The batch at a place.

        Raises:
            WorkError: no image of a set can be read.
        """
        within = positions(place, self.items, batch, whole=self.whole_batches)
        numbers = order_of_epoch(self.seed, place.epoch, self.items)[within.start : within.stop]
        partners = _partners(self.seed, place.epoch, self.items, len(self.domain_B))[within.start : within.stop]
        return _together(self.domain_A.take(numbers % len(self.domain_A)), self.domain_B.take(partners))

    def first(self, count: int, between: Callable[[], None] = nothing) -> Loaded:
        """The first images of each set; as many of each. They are small: nothing is done between two of them.

        Raises:
            WorkError: no image of a set can be read.
        """
        numbers = np.arange(min(count, len(self.domain_A), len(self.domain_B)))
        return _together(self.domain_A.take(numbers), self.domain_B.take(numbers))


@functools.lru_cache(maxsize=4)
def _partners(seed: int, epoch: int, items: int, choices: int) -> NDArray[np.int64]:
    """For every item of an epoch the number of its image of domain B: all from one generator, as there are many."""
    return generator(seed, Purpose.PARTNER, epoch, 0).integers(choices, size=items)


def _together(digits_A: Digits, digits_B: Digits) -> Loaded:
    return Loaded(
        digits_A.pixels,
        digits_B.pixels,
        tuple(dict.fromkeys(digits_A.problems + digits_B.problems)),
        digits_A.labels,
        digits_B.labels,
    )


def resize_greys(greys: Pixels, side: int) -> Pixels:
    """Many small greys, (N, H, W), each resized to (side, side) bit for bit as Pillow's bicubic filter does one.

    Pillow resizes rows and then columns, and rounds between. Here the rows of all images make one tall picture, which
    is resized in its width alone; then so do their columns.
    """
    return _resize_rows(_resize_rows(greys, side).swapaxes(1, 2), side).swapaxes(1, 2)


def _resize_rows(greys: Pixels, side: int) -> Pixels:
    number, height, width = greys.shape
    if width == side:
        return greys
    tall = Image.fromarray(np.ascontiguousarray(greys).reshape(number * height, width))
    resized = tall.resize((side, number * height), Image.Resampling.BICUBIC)
    return np.asarray(resized).reshape(number, height, side)
