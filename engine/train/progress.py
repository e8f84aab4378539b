"""How far a run has come, and how fast it goes."""

from __future__ import annotations

import time
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
