"""Batches are made ready ahead of the loop, and nothing that is for later ones keeps any of them from it."""

from __future__ import annotations

import dataclasses
import gc
import os
import threading
from collections.abc import Iterator
from itertools import count, islice
from multiprocessing.connection import Connection, wait
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from engine.data.build import Source
from engine.data.byte_images import ByteImages
from engine.data.cache_plan import CachePlan
from engine.data.domains import DrawnDomain
from engine.data.epochs import Place
from engine.data.feeds import READ_TOGETHER
from engine.data.framed import Read, in_order_of_need
from engine.data.read_ahead import ReadAhead
from engine.data.stream import Batch, BatchStream
from engine.data.transforms import Framing
from engine.data.unpaired import UnpairedImages
from engine.errors import WorkError
from tests.engine.data.stalled import StalledDomain
from tests.engine.data.streams import assert_same, take
from tests.until import until

SIDE = 8
IMAGES = torch.zeros(1, 3, SIDE, SIDE, dtype=torch.uint8)


class IdleFeed:
    """Has each batch at once, and nothing to do for later ones."""

    def __init__(self) -> None:
        self.asked_ahead = 0
        self.taken: list[Place] = []

    def take(self, place: Place) -> ByteImages:
        self.taken.append(place)
        return ByteImages(IMAGES, IMAGES, ())

    def work_ahead(self, room: Connection) -> bool:
        self.asked_ahead += 1
        return False

    def close(self) -> None:
        """It has no workers."""

    def free(self) -> None:
        """It keeps nothing."""


class StalledFeed(IdleFeed):
    """What it reads for later batches never comes."""

    def work_ahead(self, room: Connection) -> bool:
        self.asked_ahead += 1
        return bool(wait([room]))


class DeadFeed(IdleFeed):
    """Its worker dies after the first batch."""

    def take(self, place: Place) -> ByteImages:
        if place.index:
            raise WorkError("data worker 0", "was killed", "Resume.")
        return super().take(place)


def places() -> Iterator[Place]:
    return (Place(0, index) for index in count())


@pytest.mark.parametrize("feed", [IdleFeed(), StalledFeed()], ids=lambda feed: type(feed).__name__)
def test_so_many_are_ready_and_it_then_sleeps_until_one_is_taken(feed: IdleFeed) -> None:
    gc.collect()  # what earlier tests left open is not to be closed between the two counts
    files = psutil.Process().num_fds()
    ahead = ReadAhead(feed, places(), 2, pin=False)
    for taken in range(5):
        until(lambda taken=taken: feed.asked_ahead == taken + 1, "there is no more room")  # type: ignore[misc]
        assert len(feed.taken) == taken + 2
        ahead.take()
    ahead.close()
    ahead.close()
    assert psutil.Process().num_fds() <= files
    assert feed.taken == list(islice(places(), len(feed.taken)))
    assert feed.asked_ahead <= 6, "once for each batch: it does not spin"


def test_an_error_comes_in_its_turn_and_whenever_it_is_asked_again() -> None:
    ahead = ReadAhead(DeadFeed(), places(), 3, pin=False)
    ahead.take()
    for _ in range(2):
        with pytest.raises(WorkError, match="was killed"):
            ahead.take()
    ahead.close()


def test_an_image_that_no_batch_needs_yet_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    source = source_with_a_stalled_image(pipe)
    epoch = source.batches_per_epoch(1)
    taken: list[Batch] = []
    with BatchStream(source, 1, 0, 0, workers=1) as stream:
        stalled = until(lambda: opened_by_a_reader(pipe), "all other images are read or asked for")
        loop = threading.Thread(target=lambda: taken.extend(islice(stream, epoch)), daemon=True)
        loop.start()
        until(lambda: not loop.is_alive(), "it has every batch of the first epoch", seconds=30)
    os.close(stalled)
    assert_same(taken, take(dataclasses.replace(source, cache=None), epoch, batch=1, epoch=0))


def source_with_a_stalled_image(pipe: Path) -> Source:
    """Of unpaired drawings, to be kept; the one that is read last is stalled, and no batch of epoch 0 needs it."""
    drawings = np.random.default_rng(0).integers(0, 256, (22, SIDE, SIDE, 3), np.uint8)
    images = UnpairedImages(
        domain_A=DrawnDomain("A", tuple(drawings[:2])),
        domain_B=DrawnDomain("B", tuple(drawings[2:])),
        framing=Framing(resize=SIDE, crop=SIDE, flip=False),
        seed=0,
    )
    epoch = [Place(0, index) for index in range(images.batches_per_epoch(1))]
    needed = {Read(want.collection, want.number) for place in epoch for item in images.wants(place, 1) for want in item}
    reads = list(in_order_of_need(images, epoch, 1))
    assert needed.isdisjoint(reads[-READ_TOGETHER:]), "those that come together with the stalled one"
    stalled = StalledDomain("B", tuple(drawings[2:]), stalled=reads[-1].number, pipe=pipe)
    images = dataclasses.replace(images, domain_B=stalled)
    plan = CachePlan(images=images, device=torch.device("cpu"), nbytes=drawings.nbytes, on_device=False)
    return Source(images=images, shown=images, workers=1, cache=plan)


def opened_by_a_reader(pipe: Path) -> int | None:
    """The writer's end of a named pipe, once a reader has opened it."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None
