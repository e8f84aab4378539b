"""What is known of the machine that a run trains on: its readings over time, and how long its disk lasts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from threading import Lock
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import msgspec

from engine.protocol.events import Checkpointed, Metrics
from engine.protocol.machine import Gpu, Machine
from gan_tui.state.series import (
    ABSENT,
    EMPTY,
    Buckets,
    Row,
    Span,
    edges,
    joined,
    spans_of_column,
    spans_of_values,
)

if TYPE_CHECKING:
    from gan_tui.state.run_view import RunView

Reading: TypeAlias = Literal[
    "gpu busy", "gpu memory", "gpu heat", "gpu power", "cpu", "memory", "step fastest", "step median", "step slowest"
]
"""What is drawn over time. Shares are 0 to 1, heat in degrees Celsius, power in watts, steps in seconds.

Of several GPUs busy is the mean, heat the highest, memory and power are those of all."""

READINGS: tuple[Reading, ...] = get_args(Reading)
CAPACITY = 2048
"""Buckets of the whole course, and newest readings kept as they are: more than an hour of them."""
SAVES = 8
"""Checkpoints by which it is told how fast the disk fills."""
LEAST_DISTANCES = 2
"""Between them, before it is."""


class Save(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint as the disk sees it."""

    time: float
    size: int
    """Bytes."""
    removed: int
    """How many older ones were deleted for it."""


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """How long a disk lasts."""

    size: int
    """Bytes of a checkpoint."""
    fit: int
    """How many more of them there is room for."""
    seconds: float | None
    """Until they fill it at the usual distance of the newest ones; None where that is not known, or never comes."""
    steady: bool
    """Whether as many are deleted as are written."""


def saved(event: Checkpointed) -> Save:
    """A checkpoint as the disk sees it."""
    return Save(time=event.time, size=event.size, removed=len(event.removed))


def outlook(free: int | None, view: RunView) -> Outlook | None:
    """How long the disk lasts; None before the first checkpoint, or where its room is not known.

    How often checkpoints come is told by the median of their distances, which one that a user asked for, or a night
    without an engine, does not move.

    Args:
        free: bytes.
        view: the run.
    """
    if free is None or not view.saves:
        return None
    size = max(1, view.saves[-1].size)
    distances = [later.time - earlier.time for earlier, later in pairwise(view.saves)]
    grows = view.status == "training" and not any(save.removed for save in view.saves)
    usual = sorted(distances)[len(distances) // 2] if grows and len(distances) >= LEAST_DISTANCES else 0.0
    return Outlook(
        size=view.saves[-1].size,
        fit=free // size,
        seconds=usual * free / size if usual > 0 else None,
        steady=view.saves[-1].removed > 0,
    )


def readings_of(machine: Machine) -> dict[Reading, float]:
    """What a reading has of what is drawn over time."""
    gpus, steps = machine.gpus, machine.steps
    found: dict[Reading, float | None] = {
        "gpu busy": _mean([gpu.busy for gpu in gpus]),
        "gpu memory": memory_share(gpus),
        "gpu heat": max((gpu.celsius for gpu in gpus if gpu.celsius is not None), default=None),
        "gpu power": _sum([gpu.watts for gpu in gpus]),
        "cpu": machine.cpu,
        "memory": _ratio(machine.memory, machine.memory_total),
        "step fastest": steps.fastest if steps else None,
        "step median": steps.median if steps else None,
        "step slowest": steps.slowest if steps else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def memory_share(gpus: Sequence[Gpu]) -> float | None:
    """The share of the GPUs' memory that is in use."""
    return _ratio(_sum([gpu.memory for gpu in gpus]), _sum([gpu.memory_total for gpu in gpus]))


def most_watts(gpus: Sequence[Gpu]) -> float | None:
    """What the GPUs may take together."""
    return _sum([gpu.watts_most for gpu in gpus])


class MachineHistory:
    """The readings of a run over time, appended by one thread (the feed's) and read by another (the screen's).

    They are looked at in time alone: what a resume made void of the training was true of the machine.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = Lock()
        self._capacity = capacity
        self._buckets = Buckets(capacity)
        self._recent: list[Row] = []
        """The newest readings; the last ``_waiting`` of them are not yet in a bucket."""
        self._waiting = 0
        self._shift = 0.0
        """Seconds that are added to times, so that they rise where the engine's clock was set back."""
        self._newest = -inf
        self.version = 0
        """Rises with every reading."""

    def record(self, event: Metrics) -> None:
        """Append the reading of a line of metrics, if it has one."""
        if event.machine is None:
            return
        known = readings_of(event.machine)
        values = tuple(known.get(name, ABSENT) for name in READINGS)
        with self._lock:
            self._shift += max(0.0, self._newest - (event.time + self._shift))
            self._newest = event.time + self._shift
            self._recent.append((float(event.step), self._newest, values))
            self._waiting += 1
            self._waiting -= self._buckets.fold(self._recent[-self._waiting :])
            if len(self._recent) > 2 * self._capacity:
                del self._recent[: len(self._recent) - max(self._capacity, self._waiting)]
            self.version += 1

    def adopt(self, other: MachineHistory) -> None:
        """Hold what another one holds instead; the other one is not to be used any more."""
        with self._lock:
            self._buckets, self._recent, self._waiting = other._buckets, other._recent, other._waiting
            self._shift, self._newest = other._shift, other._newest
            self.version += 1

    def extent(self) -> tuple[float, float] | None:
        """The times of the first and the last reading; None before the first."""
        with self._lock:
            if not self._recent:
                return None
            first = self._buckets.first_time[0] if len(self._buckets) else self._recent[0][1]
            return min(first, self._recent[0][1]), self._newest

    def decimate(self, names: Sequence[Reading], low: float, high: float, columns: int) -> dict[Reading, list[Span]]:
        """What each of ``columns`` equal parts of the time from ``low`` to ``high`` holds of some readings."""
        places = {name: READINGS.index(name) for name in names}
        with self._lock:
            if self._recent and (self._recent[0][1] <= low or self._buckets.stride == 1):
                return _spans(self._recent, places, low, high, columns)
            waiting = self._recent[len(self._recent) - self._waiting :]
            fine = _spans(waiting, places, low, high, columns)
            bounds = edges(self._buckets.first_time, low, high, columns)
            table = self._buckets.columns
            coarse = {
                name: spans_of_column(table[place], bounds) if table else [EMPTY] * columns
                for name, place in places.items()
            }
        return {name: list(map(joined, coarse[name], fine[name])) for name in names}


def _spans(
    rows: Sequence[Row], places: dict[Reading, int], low: float, high: float, columns: int
) -> dict[Reading, list[Span]]:
    bounds = edges([row[1] for row in rows], low, high, columns)
    return {name: spans_of_values([row[2][place] for row in rows], bounds) for name, place in places.items()}


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else min(1.0, part / whole)
