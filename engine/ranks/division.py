"""How a batch is divided among the ranks of a run, and whether the step under way is of such a batch. Torch-free.

The division in force is a fact about the process, as its rank is: normalisation layers, which have no argument for it,
ask for it deep inside a network. It is set for the length of a step and at no other time, so that nothing that is done
between steps, such as sampling or translating, can wait for another rank.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Shard:
    """Which part of every batch a rank takes."""

    rank: int = 0
    ranks: int = 1
    """In all: the world size."""


WHOLE = Shard()
"""That of a process which trains by itself."""


@dataclass(frozen=True)
class Division:
    """The items of one batch, in consecutive runs by rank, as equal as can be.

    A rank that is left without one, in an epoch's last and smaller batch, computes with the first item all the same, so
    that it takes part in every exchange; its share is 0, so that nothing comes of it.
    """

    items: int
    """Of the whole batch, at least 1."""
    shard: Shard = WHOLE

    @property
    def counts(self) -> tuple[int, ...]:
        """Each rank's number of items, which may be 0."""
        ranks = self.shard.ranks
        bounds = [self.items * rank // ranks for rank in range(ranks + 1)]
        return tuple(end - start for start, end in pairwise(bounds))

    @property
    def counted(self) -> slice:
        """Where this rank's own items are within the batch; empty for one without any."""
        rank, ranks = self.shard.rank, self.shard.ranks
        return slice(self.items * rank // ranks, self.items * (rank + 1) // ranks)

    @property
    def own(self) -> slice:
        """What this rank computes with, which is never nothing."""
        return slice(0, 1) if self.is_idle else self.counted

    @property
    def is_idle(self) -> bool:
        """Whether this rank has no item of its own."""
        return self.counts[self.shard.rank] == 0

    @property
    def shares(self) -> tuple[float, ...]:
        """Each rank's part of the batch; their sum is 1."""
        return tuple(count / self.items for count in self.counts)

    @property
    def share(self) -> float:
        """This rank's part: what its mean over its own items counts for in the mean over all of them."""
        return self.shares[self.shard.rank]


class _Step:
    """The step under way in this process."""

    division: Division | None = None


@contextmanager
def divided(division: Division) -> Iterator[None]:
    """The length of a step on a batch; with one rank there is nothing to divide, and nothing is different inside."""
    _Step.division = division if division.shard.ranks > 1 else None
    try:
        yield
    finally:
        _Step.division = None


def division_under_way() -> Division | None:
    """How the batch of the step under way is divided; None outside of a step, and where a process trains by itself."""
    return _Step.division
