"""Two domains without correspondence: which images meet in a batch, as a function of the seed and the place alone."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.data.domains import Domain, Problem, read_framed
from engine.data.draws import Purpose, generator
from engine.data.transforms import Framing, Pixels


@dataclass(frozen=True)
class Place:
    """Where a batch stands in the run's data."""

    epoch: int
    """As the caller counts them; any non-negative number."""
    index: int
    """The batch within the epoch, from 0."""


class Loaded(NamedTuple):
    """A batch as a loader hands it over: uint8, (N, 3, crop, crop) each."""

    real_A: Pixels
    real_B: Pixels
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class UnpairedImages:
    """The reference's unaligned dataset.

    An epoch has as many items as the larger domain has images, in an order shuffled anew each epoch. Item k shows
    image k modulo the size of domain A, with an image of domain B drawn uniformly at random. The last batch of an
    epoch may be smaller.
    """

    domain_A: Domain
    domain_B: Domain
    framing: Framing
    seed: int

    @property
    def items(self) -> int:
        """Items in an epoch."""
        return max(len(self.domain_A), len(self.domain_B))

    def batches_per_epoch(self, batch: int) -> int:
        """Batches in an epoch, the last and perhaps smaller one included."""
        return ceil(self.items / batch)

    def indices(self, epoch: int, position: int) -> tuple[int, int]:
        """Which image of A and which of B make the item at a position of an epoch."""
        item = int(_epoch_order(self.seed, epoch, self.items)[position])
        partner = generator(self.seed, Purpose.PARTNER, epoch, position).integers(len(self.domain_B))
        return item % len(self.domain_A), int(partner)

    def load(self, place: Place, batch: int) -> Loaded:
        """The batch at a place.

        Raises:
            WorkError: no image of a domain can be read.
        """
        first = place.index * batch
        positions = range(first, min(first + batch, self.items))
        assert positions, f"epoch {place.epoch} has no batch {place.index}"
        views_A: list[Pixels] = []
        views_B: list[Pixels] = []
        problems: list[Problem] = []
        for position in positions:
            index_A, index_B = self.indices(place.epoch, position)
            for domain, index, purpose, views in (
                (self.domain_A, index_A, Purpose.FRAME_A, views_A),
                (self.domain_B, index_B, Purpose.FRAME_B, views_B),
            ):
                draw = generator(self.seed, purpose, place.epoch, position)
                view, _, passed_over = read_framed(domain, index, functools.partial(self.framing.at_random, draw=draw))
                views.append(view)
                problems.extend(passed_over)
        return Loaded(np.stack(views_A), np.stack(views_B), tuple(problems))


@functools.lru_cache(maxsize=4)
def _epoch_order(seed: int, epoch: int, items: int) -> NDArray[np.int64]:
    return generator(seed, Purpose.ORDER, epoch, 0).permutation(items)
