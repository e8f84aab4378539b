"""What makes batches ready, one after another: by loading each anew, or by cutting it from images that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from multiprocessing.connection import Connection
from typing import Protocol, TypeAlias

from engine.data.byte_images import ByteImages
from engine.data.cache import Cuts, ImageCache
from engine.data.epochs import Images, Place
from engine.data.framed import Read, Reader, in_order_of_need
from engine.data.workers import Workers

Ready: TypeAlias = ByteImages | Cuts

READ_TOGETHER = 4
"""Images that a worker reads and hands over at a time: it stands still until each parcel is taken from it."""


class Feed(Protocol):
    """Makes batches ready, in the order in which they follow each other. All but close() is called from one thread."""

    def take(self, place: Place) -> Ready:
        """The batch at the next place. Raises WorkError: no image of a domain can be read, or a worker died."""

    def work_ahead(self, room: Connection) -> bool:
        """Do a little of what will be of use to later batches; False where there is nothing, or no place for it now.

        Args:
            room: can be read once there is room for a batch: from then on nothing else is waited for.
        """

    def close(self) -> None:
        """End the workers at once. A take() in progress in another thread then raises."""

    def free(self) -> None:
        """Give back what is kept; nothing else is called afterwards."""


class LoadingFeed:
    """Loads every batch anew.

    Args:
        images: where they come from.
        batch: items in a batch.
        places: where batches will be taken; endless.
        workers: processes that load; 0 loads in take().
        pin: put batches into page-locked memory.
    """

    def __init__(self, images: Images, batch: int, places: Iterator[Place], *, workers: int, pin: bool) -> None:
        self._load = partial(images.load, batch=batch)  # free of torch, as workers are
        self._pin = pin
        self._workers = Workers(self._load, places, workers, in_order=True) if workers else None

    def take(self, place: Place) -> ByteImages:
        """The batch at the next place, on the host.

        Raises:
            WorkError: no image of a domain can be read, or a worker died.
        """
        images = ByteImages.of(self._load(place) if self._workers is None else next(self._workers))
        return images.pinned() if self._pin else images

    def work_ahead(self, room: Connection) -> bool:
        """Nothing: workers load ahead by themselves."""
        return False

    def close(self) -> None:
        """End the workers at once. A take() in progress in another thread then raises."""
        if self._workers is not None:
            self._workers.close()

    def free(self) -> None:
        """Nothing is kept."""


class CachedFeed:
    """Cuts batches from images that are kept. Workers read them in the order in which they are needed, each once.

    They go on reading while the loop has all the batches it can take, and end when every image has been read.

    Args:
        cache: what is kept, and to be kept.
        batch: items in a batch.
        places: where batches will be taken; endless.
        workers: processes that read; 0 reads each image in the take() that needs it first.
        pin: put batches that are cut on the host into page-locked memory.
    """

    def __init__(self, cache: ImageCache, batch: int, places: Iterator[Place], *, workers: int, pin: bool) -> None:
        self._cache = cache
        self._images = cache.plan.images
        self._batch = batch
        self._pin = pin
        epoch = islice(places, self._images.batches_per_epoch(batch))
        reads = in_order_of_need(self._images, epoch, batch)
        parcels = iter(lambda: list(islice(reads, READ_TOGETHER)), [])
        reader = Reader(self._images.collections)
        self._workers = Workers(reader, parcels, workers, in_order=False) if workers else None
        self._answered: set[Read] = set()

    def take(self, place: Place) -> Ready:
        """The batch at the next place: on the host, or to be cut on the device.

        Raises:
            WorkError: no image of a domain can be read, or a worker died.
        """
        items = self._images.wants(place, self._batch)
        for want in chain.from_iterable(items):
            read = Read(want.collection, want.number)
            while read not in self._answered and self._receive():
                pass
        cuts = self._cache.cuts(items)
        if self._cache.plan.on_device:
            return cuts
        return cuts.images().pinned() if self._pin else cuts.images()

    def work_ahead(self, room: Connection) -> bool:
        """Keep a few more images; False where none is left to be read, or too many are on their way to the device."""
        if self._workers is None or not self._cache.has_room_to_arrive:
            return False
        return not self._workers.answer_before(room) or self._receive()

    def close(self) -> None:
        """End the workers at once. A take() in progress in another thread then raises."""
        workers = self._workers
        if workers is not None:
            workers.close()

    def free(self) -> None:
        """Give back what is kept."""
        self._cache.clear()

    def _receive(self) -> bool:
        """Keep what a worker has read next; False where there is nothing."""
        if self._workers is None:
            return False
        answers = next(self._workers, None)
        if answers is None:
            self._workers.close()
            self._workers = None
            return False
        for answer in answers:
            if answer.pixels is not None:
                self._cache.keep(*answer.read, answer.pixels)
            self._answered.add(answer.read)
        return True
