"""The batches of a run, one after another over all its epochs, from any place on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

import torch

from engine.batch import ImageBatch
from engine.data.build import Source
from engine.data.byte_images import ByteImages
from engine.data.cache import Cuts, ImageCache
from engine.data.domains import Problem
from engine.data.epochs import Place
from engine.data.feeds import CachedFeed, Feed, LoadingFeed
from engine.data.read_ahead import ReadAhead
from engine.ranks.division import WHOLE, Division, Shard

READY_AHEAD = 2
"""Batches of each worker kept ready in the engine."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """What a step learns from; len() is its number of items, those of all ranks."""

    images: ByteImages
    """Of this rank's items. Pinned if asked for; on the training device already where they are kept there."""
    place: Place
    following: Place
    """The next batch's place: where a run that has learnt from this one resumes."""
    division: Division
    """Which items those are."""
    problems: tuple[Problem, ...] = ()
    """Images passed over while loading it and not reported before."""

    def __len__(self) -> int:
        return self.division.items

    def on(self, device: torch.device) -> ImageBatch:
        """What a method's step takes of this rank's items: images on the training device, in -1..1, and their labels.

        Never waits for the device, where batches are pinned.
        """
        return self.images.on(device)

    @property
    def epoch(self) -> int:
        """The epoch it belongs to."""
        return self.place.epoch

    @property
    def index(self) -> int:
        """Its number within the epoch, from 0."""
        return self.place.index

    @property
    def last_in_epoch(self) -> bool:
        """No other batch of this epoch follows."""
        return self.following.epoch != self.place.epoch


class BatchStream(Iterator[Batch]):
    """An endless iterator over batches; the same from any start, with any number of workers, with images kept or not.

    Args:
        source: where images come from, and where they are kept.
        batch: items in a batch; the last of an epoch may have fewer, where the source does not leave it out.
        start_epoch: epoch of the first batch, as the caller counts them.
        start_index: its number within that epoch, from 0.
        workers: processes that load ahead; 0 loads inside next().
        pin: put batches into page-locked memory, for a CUDA device.
        shard: which items of every batch are loaded; the others are loaded by other ranks.
    """

    def __init__(
        self,
        source: Source,
        batch: int,
        start_epoch: int,
        start_index: int,
        *,
        workers: int,
        pin: bool = False,
        shard: Shard = WHOLE,
    ) -> None:
        self._source = source
        self._batch = batch
        self._shard = shard
        self._place = self._normal(Place(start_epoch, start_index))
        self._reported: set[str] = set()
        self._feed = self._opened_feed(workers, pin)
        self._ahead = ReadAhead(self._feed, self._places(), READY_AHEAD * workers, pin=pin) if workers else None

    def __next__(self) -> Batch:
        """The next batch; waits for it.

        Raises:
            WorkError: no image of a domain can be read, or a worker died.
        """
        ready = self._feed.take(self._place) if self._ahead is None else self._ahead.take()
        images = ready.images() if isinstance(ready, Cuts) else ready
        place, self._place = self._place, self._after(self._place)
        return Batch(
            images=images,
            place=place,
            following=self._place,
            division=Division(self._source.items_at(place, self._batch), self._shard),
            problems=self._news(images.problems),
        )

    def __enter__(self) -> BatchStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers at once, and give back the memory of images that were kept. Does no harm when repeated."""
        if self._ahead is not None:
            self._ahead.close()
        self._feed.close()
        self._feed.free()

    def _opened_feed(self, workers: int, pin: bool) -> Feed:
        if self._source.cache is None:
            return LoadingFeed(self._source.images, self._batch, self._places(), workers=workers, pin=pin)
        cache = ImageCache(self._source.cache, pin=pin)
        return CachedFeed(cache, self._batch, self._places(), workers=workers, pin=pin)

    def _news(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        fresh = {problem.path: problem for problem in problems if problem.path not in self._reported}
        self._reported.update(fresh)
        return tuple(fresh.values())

    def _places(self) -> Iterator[Place]:
        place = self._place
        while True:
            yield place
            place = self._after(place)

    def _after(self, place: Place) -> Place:
        return self._normal(Place(place.epoch, place.index + 1))

    def _normal(self, place: Place) -> Place:
        per_epoch = self._source.batches_per_epoch(self._batch)
        return Place(place.epoch + place.index // per_epoch, place.index % per_epoch, self._shard)
