"""How long steps take, and on what the loop's thread spends them. Nothing here waits for a device."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from math import exp, log
from statistics import median
from typing import Literal, TypeAlias

from engine.protocol.machine import StepPhase, StepTimes

Spell: TypeAlias = StepPhase | Literal["held"]
"""A phase of a step, or a pause, which is none."""

FINENESS = 100.0
"""Step times are counted in classes each a hundredth longer than the one before: a median of any number of steps then
takes a bounded memory."""
SHORTEST = 1e-7
USUAL_OVER = 64
"""Steps of which the usual time is the median."""
USUAL_FROM = 8
"""Steps from which on one is known."""


class StepClock:
    """Marks the phases of each step, and sums them up.

    It belongs to the loop's thread. Others may read ``usual``, ``phase`` and ``seconds_in_step``.

    Args:
        now: seconds; of a clock that nobody sets.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self.phase: Spell = "other"
        """What the loop is in."""
        self.done = 0
        """Steps measured."""
        self._marked = now()
        self._began: float | None = None
        """When the step in progress began; pauses in it have been added."""
        self._phases: defaultdict[str, float] = defaultdict(float)
        self._cleared: defaultdict[str, float] = defaultdict(float)
        """Of those, what was summed up and cleared."""
        self._classes: Counter[int] = Counter()
        self._extremes = (0.0, 0.0)
        self._newest = [0.0] * USUAL_OVER

    def begin_step(self) -> None:
        """The step before is over and the next begins, by waiting for its batch."""
        self.turn_to("data")
        if self._began is None:
            self._phases.clear()  # what was before the first step is no part of one
        else:
            self._count(max(SHORTEST, self._marked - self._began))
        self._began = self._marked

    def turn_to(self, phase: Spell) -> None:
        """What comes from now on is of another phase."""
        now = self._now()
        spent, self._marked = now - self._marked, now
        before = self.phase
        if before != "held":
            self._phases[before] += spent
        elif self._began is not None:
            self._began += spent  # before the phase is another: who looks meanwhile must not take a pause for a step
        self.phase = phase

    def summary(self) -> StepTimes | None:
        """The steps since the last ``clear``; None where there was none."""
        number = self._classes.total()
        if not number:
            return None
        fastest, slowest = self._extremes
        middle = min(slowest, max(fastest, exp(self._middle_class(number) / FINENESS)))
        phases = {phase: round(seconds, 6) for phase, seconds in self._phases.items()}
        return StepTimes(
            steps=number,
            fastest=round(fastest, 7),
            median=round(middle, 7),
            slowest=round(slowest, 7),
            phases=phases,
        )

    def clear(self) -> None:
        """Begin a new sum."""
        for phase, seconds in self._phases.items():
            self._cleared[phase] += seconds
        self._phases.clear()
        self._classes.clear()

    def spent(self) -> dict[str, float]:
        """The seconds spent on each phase since the first step."""
        return {phase: self._cleared[phase] + self._phases[phase] for phase in {*self._cleared, *self._phases}}

    @property
    def usual(self) -> float | None:
        """The median of the newest steps in seconds; None before there are enough of them."""
        return None if self.done < USUAL_FROM else median(self._newest[: self.done])

    @property
    def seconds_in_step(self) -> float | None:
        """How long the step in progress has taken so far; None in a pause, and before the first."""
        held, began = self.phase == "held", self._began  # in this order: see turn_to
        return None if held or began is None else self._now() - began

    def _count(self, seconds: float) -> None:
        fastest, slowest = self._extremes if self._classes else (seconds, seconds)
        self._extremes = min(fastest, seconds), max(slowest, seconds)
        self._classes[round(FINENESS * log(seconds))] += 1
        self._newest[self.done % USUAL_OVER] = seconds
        self.done += 1

    def _middle_class(self, number: int) -> int:
        passed = 0
        for place in sorted(self._classes):
            passed += self._classes[place]
            if 2 * passed >= number:
                return place
        raise AssertionError("half of the steps are in some class")
