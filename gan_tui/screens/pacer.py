"""Keeps a drawing to its pace: at once when it has been quiet, else once when its time has come; no timer when idle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from textual.message_pump import MessagePump


class Pacer:
    """Runs ``draw`` for each wave of requests, with at least ``interval()`` seconds between two.

    It waits by the event loop's own timer. Textual's leave ticks out that are due before they have begun to wait, the
    only one of a timer that does not repeat among them: a pacer that waits for it would never draw again.
    """

    def __init__(
        self,
        owner: MessagePump,
        interval: Callable[[], float],
        draw: Callable[[], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._owner = owner
        self._interval = interval
        self._draw = draw
        self._clock = clock
        self._last = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def request(self, *, at_once: bool = False) -> None:
        """Have it drawn as soon as its pace allows, or now, if somebody waits for it."""
        if self._timer is not None:
            if not at_once:
                return
            self._timer.cancel()
        wait = 0.0 if at_once else self._last + self._interval() - self._clock()
        if wait <= 0:
            self._run()
        else:
            self._timer = asyncio.get_running_loop().call_later(wait, self._owner.call_later, self._time_has_come)

    def _time_has_come(self) -> None:
        if self._timer is not None:  # else it was drawn at once meanwhile
            self._run()

    def _run(self) -> None:
        self._timer = None
        self._last = self._clock()
        self._draw()
