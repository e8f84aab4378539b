"""What training is given, epoch by epoch: where a batch stands, what it holds, and what every set of images offers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.data.domains import Problem
from engine.data.draws import Purpose, generator
from engine.data.transforms import Pixels
from engine.ranks.division import WHOLE, Division, Shard

Labels: TypeAlias = NDArray[np.int64]
"""(N,): the class of each image."""


@dataclass(frozen=True)
class Place:
    """Where a batch stands in the run's data."""

    epoch: int
    """As the caller counts them; any non-negative number."""
    index: int
    """The batch within the epoch, from 0."""
    shard: Shard = WHOLE
    """Which of its items are meant."""


class Loaded(NamedTuple):
    """Images of both domains as a loader hands them over."""

    real_A: Pixels
    """uint8, (N, 3, crop, crop)."""
    real_B: Pixels
    """uint8, (N, 3, crop, crop)."""
    problems: tuple[Problem, ...]
    """Images passed over."""
    label_A: Labels | None = None
    """None where the data have none."""
    label_B: Labels | None = None


class Numbered(Protocol):
    """Images numbered from 0."""

    def __len__(self) -> int: ...

    def short_name(self, index: int) -> str:
        """What tells one image from the others, and its label with it, wherever its folder lies."""


def nothing() -> None:
    """What is done between two images where nobody asks for anything."""


class Images(Protocol):
    """Two domains of images, and which of them meet in a batch."""

    @property
    def domains(self) -> tuple[Numbered, Numbered]:
        """A and B."""

    def batches_per_epoch(self, batch: int) -> int:
        """Batches in an epoch, at least 1."""

    def items_at(self, place: Place, batch: int) -> int:
        """Items in the whole batch at a place, whatever its shard is."""

    def load(self, place: Place, batch: int) -> Loaded:
        """The batch at a place, or that shard of it. Raises WorkError: no image of a domain can be read."""

    def first(self, count: int, between: Callable[[], None] = nothing) -> Loaded:
        """The first images, never cropped or mirrored at random; fewer where there are fewer. Raises as load.

        ``between`` is called between two of them, which may be large, and may raise what ends it.
        """


def batches_in(items: int, batch: int, *, whole: bool) -> int:
    """Batches in an epoch of so many items.

    Args:
        items: at least 1.
        batch: items in a batch.
        whole: leave out the last, smaller batch; but where it is the only one, it is the epoch.
    """
    return max(1, items // batch) if whole else ceil(items / batch)


def positions(place: Place, items: int, batch: int, *, whole: bool) -> range:
    """Which items of its epoch, in their shuffled order, make the batch at a place, or that shard of it."""
    within = _positions_of_batch(place, items, batch, whole=whole)
    return within[Division(len(within), place.shard).own]


def size_of(place: Place, items: int, batch: int, *, whole: bool) -> int:
    """Items of the whole batch at a place: fewer than others have in an epoch's last."""
    return len(_positions_of_batch(place, items, batch, whole=whole))


def _positions_of_batch(place: Place, items: int, batch: int, *, whole: bool) -> range:
    assert place.index < batches_in(items, batch, whole=whole), f"epoch {place.epoch} has no batch {place.index}"
    first = place.index * batch
    return range(first, min(first + batch, items))


@functools.lru_cache(maxsize=4)
def order_of_epoch(seed: int, epoch: int, items: int) -> NDArray[np.int64]:
    """The items of an epoch in the order in which they are seen."""
    return generator(seed, Purpose.ORDER, epoch, 0).permutation(items)
