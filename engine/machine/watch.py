"""A thread that looks at something now and then, beside the step loop and never in it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from engine.protocol.machine import Machine
from engine.sentinels.load import READING_SECONDS

log = logging.getLogger(__name__)


class Source(Protocol):
    """What makes readings."""

    def begin(self) -> None:
        """Load what is needed."""

    def read(self) -> Machine:
        """What the machine is at."""


class Lookout:
    """A thread that does something every so many seconds until it is closed.

    Args:
        name: the thread's.
        look: what it does; if that fails, it is logged once, and tried again the next time.
        seconds: between two looks, and before the first.
        begin: done first, on the thread.
    """

    def __init__(
        self, name: str, look: Callable[[], None], seconds: float, begin: Callable[[], None] = lambda: None
    ) -> None:
        self._name = name
        self._look = look
        self._begin = begin
        self._seconds = seconds
        self._closing = threading.Event()
        self._failed = False

    def __enter__(self) -> Self:
        self._closing.clear()
        threading.Thread(target=self._run, name=self._name, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not joined: it may be reading a disk that does not answer.
        self._closing.set()

    def look(self) -> None:
        """Look now, in the caller's thread."""
        try:
            self._look()
        except Exception:
            # The thread's edge: what cannot be looked at is missing from the screen, and the run trains on.
            if not self._failed:
                log.exception("%s: nothing could be read", self._name)
            self._failed = True

    def _run(self) -> None:
        closing = self._closing
        try:
            self._begin()
        except Exception:
            log.exception("%s: could not be begun", self._name)
            return
        while not closing.wait(self._seconds):
            self.look()


class MachineWatch(Lookout):
    """Keeps the newest reading of the machine at hand.

    Args:
        source: makes readings.
        seconds: between two of them.
    """

    def __init__(self, source: Source, seconds: float = READING_SECONDS) -> None:
        super().__init__("machine", self._take, seconds, source.begin)
        self._source = source
        self.newest: Machine | None = None
        """Replaced with each reading, never changed."""

    def _take(self) -> None:
        self.newest = self._source.read()
