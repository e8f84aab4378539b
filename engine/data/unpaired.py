"""Two domains without correspondence: which images meet in a batch, as a function of the seed and the place alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.data.domains import Domain, Problem, read_first, read_framed
from engine.data.draws import Purpose, frame_numbers, generator
from engine.data.epochs import Loaded, Place, batches_in, nothing, order_of_epoch, positions, size_of
from engine.data.framed import AtSize, Want
from engine.data.transforms import Framing, Pixels


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
    whole_batches: bool = False
    """Leave out an epoch's last batch where it would be smaller than the others."""

    @property
    def domains(self) -> tuple[Domain, Domain]:
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

    def indices(self, epoch: int, position: int) -> tuple[int, int]:
        """Which image of A and which of B make the item at a position of an epoch."""
        item = int(order_of_epoch(self.seed, epoch, self.items)[position])
        partner = generator(self.seed, Purpose.PARTNER, epoch, position).integers(len(self.domain_B))
        return item % len(self.domain_A), int(partner)

    @property
    def collections(self) -> tuple[AtSize[Image.Image], AtSize[Image.Image]]:
        """A and B, at the size that views are cut from."""
        return AtSize(self.domain_A, self.framing.at_size), AtSize(self.domain_B, self.framing.at_size)

    def wants(self, place: Place, batch: int) -> list[tuple[Want, Want]]:
        """For each item of a batch, the image of A and that of B."""
        items = []
        for position in positions(place, self.items, batch, whole=self.whole_batches):
            index_A, index_B = self.indices(place.epoch, position)
            numbers_A = frame_numbers(self.seed, Purpose.FRAME_A, place.epoch, position)
            numbers_B = frame_numbers(self.seed, Purpose.FRAME_B, place.epoch, position)
            items.append((Want(0, index_A, numbers_A), Want(1, index_B, numbers_B)))
        return items

    def load(self, place: Place, batch: int) -> Loaded:
        """The batch at a place.

        Raises:
            WorkError: no image of a domain can be read.
        """
        views: tuple[list[Pixels], list[Pixels]] = [], []
        problems: list[Problem] = []
        for wants in self.wants(place, batch):
            for domain, want, of_domain in zip(self.domains, wants, views, strict=True):
                frame = functools.partial(self.framing.at_random, numbers=want.frame)
                view, _, passed_over = read_framed(domain, want.number, frame)
                of_domain.append(view)
                problems.extend(passed_over)
        return Loaded(np.stack(views[0]), np.stack(views[1]), tuple(problems))

    def first(self, count: int, between: Callable[[], None] = nothing) -> Loaded:
        """The first images of each domain, centre-cropped; as many of each. See Images.first.

        Raises:
            WorkError: no image of a domain can be read.
        """
        number = min(count, len(self.domain_A), len(self.domain_B))
        views_A, problems_A = read_first(self.domain_A, number, self.framing.centred, between)
        views_B, problems_B = read_first(self.domain_B, number, self.framing.centred, between)
        return Loaded(np.stack(views_A), np.stack(views_B), problems_A + problems_B)
