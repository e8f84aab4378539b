"""Watches for a step that does not come to its end, from a thread of its own: the loop cannot tell of it.

No thread can interrupt another one in Python, and none can end one that the kernel holds, as it does while a disk does
not answer. So what is known is said: which phase, for how long, and to the log, where.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from msgspec.structs import replace

from engine.config.sentinels import StuckSentinel
from engine.errors import GanTuiError, WorkError
from engine.machine.watch import Lookout
from engine.protocol.machine import StepPhase, Stuck
from engine.sentinels.load import READING_SECONDS
from engine.train.step_clock import StepClock

log = logging.getLogger(__name__)

DOING: dict[StepPhase, str] = {
    "data": "waiting for data",
    "prepare": "bringing images to the device",
    "compute": "computing",
    "device": "waiting for the device",
    "record": "writing the record",
    "sample": "taking samples",
    "checkpoint": "copying the state for a checkpoint",
    "other": "carrying out commands",
}


@dataclass(kw_only=True)
class Trouble:
    """A step that was found to be stuck."""

    number: int
    """Of the steps measured before it."""
    newest: Stuck
    """With the phase in which it was first found to be."""
    ended: bool = False
    """Whether the process was told to end for it."""


class StuckWatch(Lookout):
    """Tells of a step that is stuck, every so often while it is.

    Args:
        run: the run's name.
        config: from when on a step is.
        steps: the loop's clock.
        tell: is told while it lasts, on this watch's thread.
        end: what ends the process; called at most once.
    """

    def __init__(
        self,
        run: str,
        config: StuckSentinel,
        steps: StepClock,
        tell: Callable[[Stuck], None],
        end: Callable[[GanTuiError], None] = lambda reason: None,
    ) -> None:
        super().__init__("stuck", self._look_at_the_step, READING_SECONDS)
        self.end = end
        self._way_on = f"gan-tui resume {run}"
        self._config = config
        self._steps = steps
        self._tell = tell
        self._loop = 0
        """The thread that trains."""
        self._trouble: Trouble | None = None

    def __enter__(self) -> Self:
        self._loop = threading.get_ident()
        return super().__enter__()

    def over(self) -> Stuck | None:
        """A step that was told of and has come to its end, once, as it was last seen; for the loop's thread."""
        trouble = self._trouble
        if trouble is None or trouble.number == self._steps.done:
            return None
        self._trouble = None
        return trouble.newest

    def _look_at_the_step(self) -> None:
        number = self._steps.done
        seconds, usual, phase = self._steps.seconds_in_step, self._steps.usual, self._steps.phase
        if seconds is None or usual is None or phase == "held":
            return
        if seconds < max(self._config.seconds, self._config.times * usual):
            return
        stuck = Stuck(seconds=round(seconds, 1), usual=round(usual, 6), phase=phase)
        before = self._trouble
        new = before is None or before.number != number
        found_in = phase if before is None or new else before.newest.phase
        # Not at the first look: a process that was stopped for a while (SIGSTOP, a suspended job) may be well again.
        ending = self._config.action == "stop" and before is not None and not new and not before.ended
        ended = ending or (before is not None and not new and before.ended)
        self._trouble = Trouble(number=number, newest=replace(stuck, phase=found_in), ended=ended)
        if new:
            log.warning("%s; the loop is in:\n%s", said(stuck), self._stack())
        self._tell(stuck)
        if ending:
            fix = f"What was trained since the newest checkpoint is lost; see engine.log, then: {self._way_on}"
            self.end(WorkError("a step", f"does not end: {said(stuck)}", fix))

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._loop)
        return "".join(traceback.format_stack(frame)) if frame is not None else "(a thread that has ended)"


def said(stuck: Stuck) -> str:
    """It in words."""
    return f"it has been {DOING[stuck.phase]}, for {stuck.seconds:,.0f} s in all; {stuck.usual:.3g} s are usual"
