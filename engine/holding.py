"""Who holds control of a run: one viewer at a time steers it, and others take it over only by saying so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import get_args

from engine.errors import RequestError
from engine.protocol.commands import LAPSE_SECONDS, Hold, Release, Request, Steering
from engine.protocol.events import Holder

LONGEST_NAME = 200
"""Letters of a holder's name: it is told several times a second."""


class Holding:
    """Keeps the holder, from whichever thread it is asked.

    What is asked by no viewer, such as a command line, is no concern of its: a script must not be locked out by a
    dashboard that somebody left open. The link answers it with who holds control, and the journal says who did what.

    Args:
        clock: seconds; a viewer that was silent for LAPSE_SECONDS by it holds nothing any more.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._holder: Holder | None = None
        self._heard = 0.0
        self._taken_over: list[tuple[Holder, Holder]] = []

    @property
    def holder(self) -> Holder | None:
        """Who holds control now; None where it is free."""
        with self._lock:
            return self._present()

    def react(self, request: Request) -> str:
        """Do what a viewer's Hold or Release asks; what was done, in words.

        Raises:
            RequestError: another viewer holds control, or the sender is no viewer.
        """
        viewer = request.viewer
        if viewer is None:
            raise RequestError("control", "is held by dashboards alone", "Steer with gan-tui ctl, which needs no hold.")
        asking = Holder(viewer=viewer.id, by=request.by[:LONGEST_NAME], where=viewer.where)
        with self._lock:
            present = self._present()
            match request.command:
                case Hold(take=take):
                    return self._hold(asking, present, take=take)
                case Release():
                    if present is not None and present.viewer == asking.viewer:
                        self._holder = None
                    return "control is let go"
                case _:
                    raise AssertionError("asks neither to hold nor to let go")

    def admit(self, request: Request) -> None:
        """Let a command pass. Of viewers, the first to steer while control is free holds it from then on.

        Raises:
            RequestError: it steers, and another viewer holds control.
        """
        viewer = request.viewer
        if viewer is None or not isinstance(request.command, get_args(Steering)):
            return
        with self._lock:
            self._hold(Holder(viewer=viewer.id, by=request.by[:LONGEST_NAME], where=viewer.where), self._present())

    def take_news(self) -> list[tuple[Holder, Holder]]:
        """Who took control over, and from whom, since this was last asked."""
        with self._lock:
            news, self._taken_over = self._taken_over, []
            return news

    def _present(self) -> Holder | None:
        if self._holder is not None and self._clock() - self._heard > LAPSE_SECONDS:
            self._holder = None
        return self._holder

    def _hold(self, asking: Holder, present: Holder | None, *, take: bool = False) -> str:
        goes_on = present is None or present.viewer == asking.viewer or _same_seat(present, asking)
        if not (goes_on or take):
            assert present is not None
            raise RequestError("control", f"is held by {present.words}", "T takes it over.")
        self._holder, self._heard = asking, self._clock()
        if goes_on or present is None:
            return "you hold control"
        self._taken_over.append((asking, present))
        return f"control is taken over from {present.words}"


def _same_seat(one: Holder, other: Holder) -> bool:
    """Whether both are of one person at one terminal: then the first is gone, or lies stopped behind the other."""
    return bool(one.where) and (one.by, one.where) == (other.by, other.where)
