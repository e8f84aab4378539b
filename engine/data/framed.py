"""Images of which views are cut: each at the size that is the same in every view, and those that a batch wants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from engine.config.image_files import UnreadableImageError
from engine.data.domains import Collection
from engine.data.epochs import Images, Place
from engine.data.transforms import Framing, Numbers, Pixels, UnfitImageError

R = TypeVar("R")


@dataclass(frozen=True)
class AtSize(Generic[R]):
    """A collection of images, or of pairs, given as arrays at the size that views are cut from."""

    collection: Collection[R]
    size: Callable[[R], Pixels]
    """Gives (k, 3, height, width): k images that are cut alike."""

    @property
    def name(self) -> str:
        """The collection's."""
        return self.collection.name

    def __len__(self) -> int:
        return len(self.collection)

    def read(self, index: int) -> Pixels:
        """One of them, decoded. Raises UnreadableImageError, UnfitImageError."""
        return self.size(self.collection.read(index))

    def describe(self, index: int) -> str:
        """The collection's."""
        return self.collection.describe(index)


class Want(NamedTuple):
    """An image, or a pair, that is seen."""

    collection: int
    """Which of the collections it is in."""
    number: int
    """Its own there; where it cannot be used, the next that can takes its place."""
    frame: Numbers
    """Which part of it, whatever its size."""


class FramedImages(Images, Protocol):
    """Two domains of images of which parts are seen; which parts is known before the images are."""

    @property
    def framing(self) -> Framing:
        """How views are cut."""

    @property
    def collections(self) -> tuple[AtSize[Any], ...]:
        """Both domains, or their pairs."""

    def wants(self, place: Place, batch: int) -> Sequence[tuple[Want, ...]]:
        """For each item of a batch, what is seen: an image of A and one of B, or a pair."""


class Read(NamedTuple):
    """An image, or a pair, to be read."""

    collection: int
    number: int


class Answer(NamedTuple):
    """What came of reading it."""

    read: Read
    pixels: Pixels | None
    """None where it cannot be used; who wants it finds out why."""


@dataclass(frozen=True)
class Reader:
    """Reads images at their size: what worker processes do for a cache."""

    collections: tuple[AtSize[Any], ...]

    def __call__(self, reads: Sequence[Read]) -> list[Answer]:
        """The images, decoded."""
        return [self._answer(read) for read in reads]

    def _answer(self, read: Read) -> Answer:
        try:
            return Answer(read, self.collections[read.collection].read(read.number))
        except (UnreadableImageError, UnfitImageError):
            return Answer(read, None)


def in_order_of_need(images: FramedImages, places: Iterable[Place], batch: int) -> Iterator[Read]:
    """Every image once: first those that the batches at these places want, as they want them, then the others."""
    wanted = (want for place in places for item in images.wants(place, batch) for want in item)
    others = (Read(number, index) for number, each in enumerate(images.collections) for index in range(len(each)))
    seen: set[Read] = set()
    for read in chain((Read(want.collection, want.number) for want in wanted), others):
        if read not in seen:
            seen.add(read)
            yield read
