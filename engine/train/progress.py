"""How far a run has come, how fast it goes, and its sense of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec


class Progress(msgspec.Struct, kw_only=True):
    """Counters of the steps done; kept by checkpoints."""

    step: int = 0
    """Optimisation steps done."""
    images: int = 0
    """Images of each domain seen."""
    epoch: int = 0
    """Epochs completed."""
    index: int = 0
    """Batches done in the epoch in progress: where its next one is found."""
    repeated: int = 0
    """Nudges of the original that a replay has made again."""


@dataclass
class Pace:
    """Steps a second since the last drain, without the time spent waiting on users; and the share waiting for data."""

    steps: int = 0
    waited: float = 0.0
    """Seconds in which the loop waited for a batch."""
    held: float = 0.0
    """Seconds in which the loop was paused."""
    since: float = 0.0

    def __post_init__(self) -> None:
        self.since = time.monotonic()

    @property
    def busy_seconds(self) -> float:
        """Since the last drain, pauses left out."""
        return max(1e-9, time.monotonic() - self.since - self.held)

    @property
    def throughput(self) -> float:
        """Steps a second."""
        return self.steps / self.busy_seconds

    @property
    def data_wait(self) -> float:
        """Share of the time spent waiting for data, 0 to 1."""
        return min(1.0, self.waited / self.busy_seconds)

    def restart(self) -> None:
        """Begin a new interval."""
        self.steps, self.waited, self.held, self.since = 0, 0.0, 0.0, time.monotonic()


def _steady() -> float:
    """Seconds of a clock that nobody sets; it runs on while the machine sleeps, where there is such a one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Clock:
    """Tells when a while has passed, and whether the wall clock was set meanwhile."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = _steady) -> None:
        self._wall = wall
        self._steady = steady
        self._asked = float("-inf")
        self._difference = wall() - steady()

    def passed(self, seconds: float) -> bool:
        """Whether so many seconds are over since this was last true."""
        now = self._steady()
        if now - self._asked < seconds:
            return False
        self._asked = now
        return True

    def jump(self) -> float:
        """By how many seconds the wall clock has been set, forward or back, since the last call."""
        before, self._difference = self._difference, self._wall() - self._steady()
        return self._difference - before
