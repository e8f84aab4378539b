"""A thread that makes batches ready, so that the training loop does not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from multiprocessing.connection import Pipe
from queue import SimpleQueue

import torch

from engine.data.epochs import Place
from engine.data.feeds import Feed, Ready

_ROOM = b"."


class ReadAhead:
    """Batches in the order of their places, some of them ready before they are taken.

    Room for a batch is a token in a pipe: a feed can wait for it and for its workers at once.

    Args:
        feed: makes them, in the thread.
        places: where; endless.
        number: how many are kept ready.
        pin: the feed works for the CUDA device that is the current one here.
    """

    def __init__(self, feed: Feed, places: Iterator[Place], number: int, *, pin: bool) -> None:
        self._feed = feed
        self._places = places
        self._device = torch.cuda.current_device() if pin else None
        self._ready: SimpleQueue[Ready | Exception] = SimpleQueue()
        self._room, self._freed = Pipe(duplex=False)
        for _ in range(number):
            self._freed.send_bytes(_ROOM)
        self._closing = False
        self._thread = threading.Thread(target=self._make_ready, name="data", daemon=True)
        self._thread.start()

    def take(self) -> Ready:
        """The next batch; waits for it.

        Raises:
            WorkError: no image of a domain can be read, or a worker died.
        """
        item = self._ready.get()
        if isinstance(item, Exception):
            self._ready.put(item)  # whoever asks again gets the same answer
            raise item
        self._freed.send_bytes(_ROOM)
        return item

    def close(self) -> None:
        """End the thread, and the feed's workers. Does no harm when repeated."""
        if self._closing:
            return
        self._closing = True
        self._freed.send_bytes(_ROOM)
        self._feed.close()
        self._thread.join()
        self._freed.close()
        self._room.close()

    def _make_ready(self) -> None:
        try:
            if self._device is not None:
                torch.cuda.set_device(self._device)
            while True:
                self._wait_for_room()
                if self._closing:
                    return
                self._ready.put(self._feed.take(next(self._places)))
        except Exception as error:  # noqa: BLE001 - the thread's edge: take() raises it in the loop
            self._ready.put(error)

    def _wait_for_room(self) -> None:
        while not self._room.poll() and self._feed.work_ahead(self._room):
            pass
        self._room.recv_bytes()
