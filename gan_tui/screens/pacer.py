"""Keeps a drawing to its pace: at once when it has been quiet, else once when its time has come; no timer when idle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from textual.message_pump import MessagePump
from textual.timer import Timer


@dataclass(frozen=True, kw_only=True)
class Tempo:
    """Least seconds between two drawings. Plots drawn at 4 Hz cost ten times those at 1 Hz."""

    text: float = 0.5
    curves: float = 1.0


class Pacer:
    """Runs ``draw`` for each wave of requests, with at least ``interval`` seconds between two."""

    def __init__(
        self,
        owner: MessagePump,
        interval: float,
        draw: Callable[[], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._owner = owner
        self._interval = interval
        self._draw = draw
        self._clock = clock
        self._last = float("-inf")
        self._timer: Timer | None = None

    def request(self) -> None:
        """Have it drawn as soon as its pace allows."""
        if self._timer is not None:
            return
        wait = self._last + self._interval - self._clock()
        if wait <= 0:
            self._run()
        else:
            self._timer = self._owner.set_timer(wait, self._run)

    def _run(self) -> None:
        self._timer = None
        self._last = self._clock()
        self._draw()
