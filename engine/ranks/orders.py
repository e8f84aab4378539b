"""The leader as another rank has to do with it: what it orders, and that it is gone. Torch-free."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

import msgspec

from engine.errors import WorkError
from engine.ranks.connection import Connection, ConnectionLostError
from engine.ranks.followers import STUCK_SECONDS
from engine.ranks.messages import Begin, Join, Order, Stop, decode_order

log = logging.getLogger(__name__)


class LeaderLostError(Exception):
    """The leader is gone: it was killed, or it has failed and says so itself."""


class NoImagesError(WorkError):
    """This rank cannot read the images of the next step; it has done all of the one before, its device included."""


class Orders:
    """What the leader says, received in a thread, so that its death is noticed in the middle of a step.

    Args:
        leader: the connection to it.
        when_stuck: what ends the process, where the leader is gone, or has let this rank go, and it does not come to
            its own end: a step that waits for the leader on a GPU never does, nor may taking leave of its group.
        stuck_seconds: how long it may take to.
    """

    def __init__(
        self, leader: Connection, when_stuck: Callable[[], object], stuck_seconds: float = STUCK_SECONDS
    ) -> None:
        self._leader = leader
        self._when_stuck = when_stuck
        self._stuck_seconds = stuck_seconds
        self._queue: SimpleQueue[tuple[Order, bytes] | None] = SimpleQueue()
        self.lost = threading.Event()
        threading.Thread(target=self._receive, name="orders", daemon=True).start()

    def next(self) -> Order:
        """The next order; waits for it. Raises LeaderLostError."""
        return self._next()[0]

    def next_begin(self) -> Begin:
        """The first order. Raises as next."""
        order = self.next()
        assert isinstance(order, Begin), f"{order} comes out of turn"
        return order

    def next_join(self) -> tuple[Join, bytes]:
        """The second, and the state that comes with it. Raises as next."""
        order, state = self._next()
        assert isinstance(order, Join), f"{order} comes out of turn"
        return order, state

    def _next(self) -> tuple[Order, bytes]:
        received = self._queue.get()
        if received is None:
            raise LeaderLostError("the leader is gone")
        return received

    def _receive(self) -> None:
        """Until the connection ends; after the last order that is how the leader lets go of this rank."""
        last = False
        try:
            while True:
                order = decode_order(self._leader.receive())
                state = self._leader.receive() if isinstance(order, Join) else b""
                self._queue.put((order, state))
                last = isinstance(order, Stop)
        except (ConnectionLostError, msgspec.DecodeError) as error:
            if not last:
                log.error("the leader is gone (%s)", error)
                self.lost.set()
                self._queue.put(None)
        deadline = threading.Timer(self._stuck_seconds, self._when_stuck)
        deadline.daemon = True
        deadline.start()
