"""A run's metrics in bounded memory: the whole course in buckets and the newest part line by line."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from math import inf
from threading import Lock
from typing import TypeAlias

from engine.protocol.events import Metrics
from engine.sentinels.names import LOOKS
from gan_tui.state.machine import MachineHistory
from gan_tui.state.series import (
    ABSENT,
    EMPTY,
    Axis,
    Buckets,
    Column,
    Group,
    Row,
    SeriesKey,
    Span,
    Stretch,
    edges,
    joined,
    position,
    spans_of_column,
    spans_of_values,
)

CAPACITY = 4096
"""Buckets of the whole course, and newest lines kept as they are."""
BATCH = 512
"""Lines folded into buckets at once: in batches it costs a tenth."""
NOTHING = (-inf, -inf)
Layout: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""The names of the losses, learning rates, weights, measures of health and figures of a line, in its order."""


class History:
    """Every series of a run, appended by one thread (the feed's) and read by another (the screen's)."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = Lock()
        self._capacity = capacity
        self._buckets = Buckets(capacity)
        self._recent: list[Row] = []
        """The newest lines; the last ``_waiting`` of them are not yet in a bucket."""
        self._waiting = 0
        self._keys: list[SeriesKey] = []
        self._places: dict[SeriesKey, int] = {}
        self._layout: Layout | None = None
        self._order: list[int] | None = None
        """Where each value of a line belongs; None when a line comes in the order of the columns."""
        self._looks: dict[str, float | None] = {}
        """Of the newest contact sheet."""
        self._figures: dict[str, float | None] = {}
        """Of the newest evaluation."""
        self._newest: tuple[float, float] = NOTHING
        """Step and time of the last line."""
        self._shift = 0.0
        """Seconds that are added to times, so that they rise where the engine's clock was set back."""
        self.machine = MachineHistory()
        """What the machine was at meanwhile."""
        self.coarse = False
        """Whether these are samples of a record that is still being read."""
        self.version = 0
        """Rises with every change."""
        self.course = 0
        """Rises when recorded lines were dropped: what was drawn is then no longer true."""

    # ------------------------------------------------------------------------------------------- writing

    @property
    def looks(self) -> Mapping[str, float | None]:
        """Of the newest contact sheet: the measures of its pictures, where any were recorded."""
        return self._looks

    def record(self, event: Metrics) -> None:
        """Append one line of metrics.

        It takes the place of lines for its step and later ones: of a course whose end was lost from the record.
        """
        self.machine.record(event)
        with self._lock:
            last_step, last_time = self._newest
            if event.step <= last_step:
                self._truncate_after(event.step - 1)
                last_time = self._newest[1]
            self._shift += max(0.0, last_time - (event.time + self._shift))
            self._newest = event.step, event.time + self._shift
            health = self._with_looks(event.health)
            figures = self._figures = {**self._figures, **event.figures} if event.figures else self._figures
            layout = (tuple(event.losses), tuple(event.lr), tuple(event.weights), tuple(health), tuple(figures))
            if layout != self._layout:
                self._adopt_layout(layout)
            values: tuple[float | None, ...] = (
                *event.losses.values(),
                *event.lr.values(),
                *event.weights.values(),
                event.throughput,
                event.data_wait,
                *health.values(),
                *figures.values(),
            )
            if self._order is not None:
                values = self._ordered(values, self._order)
            self._recent.append((*self._newest, values))
            self._waiting += 1
            self.version += 1
            if self._waiting >= max(BATCH, self._buckets.stride):
                self._fold()

    def truncate_after(self, step: int) -> None:
        """Drop what was recorded for later steps: training went back to a checkpoint."""
        with self._lock:
            self._truncate_after(step)

    def adopt(self, other: History) -> None:
        """Hold what another history holds instead, and all of it at once; the other one is not to be used any more."""
        self.machine.adopt(other.machine)
        with self._lock:
            self._buckets = other._buckets
            self._recent = other._recent
            self._waiting = other._waiting
            self._keys = other._keys
            self._places = other._places
            self._layout = other._layout
            self._order = other._order
            self._looks = other._looks
            self._figures = other._figures
            self._newest = other._newest
            self._shift = other._shift
            self.coarse = other.coarse
            self.version += 1
            self.course += 1

    # ------------------------------------------------------------------------------------------- reading

    def series(self) -> tuple[SeriesKey, ...]:
        """Every series seen so far, in the order of their first appearance."""
        with self._lock:
            return tuple(self._keys)

    def ended(self) -> frozenset[SeriesKey]:
        """The series that the newest line does not have: what they measure is over, or was given up in a branch."""
        with self._lock:
            if not self._recent:
                return frozenset()
            _, _, values = self._recent[-1]
            return frozenset(key for key, value in zip(self._keys, values, strict=True) if value != value)

    def extent(self, axis: Axis = "step") -> tuple[float, float] | None:
        """Where the first and the last line lie on an axis; None before the first."""
        with self._lock:
            ends = [position(row, axis) for row in (self._recent[:1] + self._recent[-1:])]
            if len(self._buckets):
                ends += [self._buckets.starts(axis)[0], self._buckets.ends(axis)[-1]]
            return (min(ends), max(ends)) if ends else None

    def moment(self, at: float, axis: Axis = "step") -> tuple[float, float] | None:
        """Step and time of the last line at a place of an axis or before it, or of a part of the course that is there.

        None before the first line.
        """
        with self._lock:
            rows = self._recent
            if rows and position(rows[0], axis) <= at:
                return rows[bisect_right(rows, at, key=lambda row: position(row, axis)) - 1][:2]
            buckets = self._buckets
            place = bisect_right(buckets.starts(axis), at) - 1
            return None if place < 0 else (buckets.first_step[place], buckets.first_time[place])

    def beyond(self, low: float, high: float, axis: Axis = "step") -> tuple[float | None, float | None]:
        """Where the nearest lines outside [low, high] lie, or the nearest parts of the course that are kept as one."""
        with self._lock:
            rows, parts = self._recent, self._buckets.starts(axis)
            first, last = _within(rows, low, high, axis)
            before, after = bisect_left(parts, low), bisect_right(parts, high)
            left = [position(row, axis) for row in rows[max(0, first - 1) : first]] or parts[
                max(0, before - 1) : before
            ]
            right = (parts[after : after + 1] if last == 0 else None) or [
                position(row, axis) for row in rows[last : last + 1]
            ]
            return next(iter(left), None), next(iter(right), None)

    def decimate(
        self, keys: Sequence[SeriesKey], low: float, high: float, columns: int, axis: Axis = "step"
    ) -> dict[SeriesKey, list[Span]]:
        """What each of ``columns`` equal parts of [low, high] holds of each series.

        Lines are used as they are where they are still at hand for the whole range, else buckets; an unknown series
        comes back empty.
        """
        with self._lock:
            lines_reach = bool(self._recent) and position(self._recent[0], axis) <= low
            if self._buckets.stride > 1 and lines_reach:
                return self._from_lines(keys, self._recent, low, high, columns, axis)
            coarse = self._from_buckets(keys, low, high, columns, axis)
            if not self._waiting:
                return coarse
            fine = self._from_lines(keys, self._recent[-self._waiting :], low, high, columns, axis)
            return {key: list(map(joined, coarse[key], fine[key])) for key in keys}

    def course_of(self, group: Group, at: float, lines: int) -> tuple[list[str], list[Stretch]]:
        """The names of a group's series, and the whole course of them as stretches, oldest first.

        Stretches are single lines where so many of them are still at hand before a step, and buckets otherwise.
        """
        with self._lock:
            keys = [key for key in self._keys if key.group == group]
            places = [self._places[key] for key in keys]
            names = [key.name for key in keys]
            buckets = self._buckets
            if buckets.stride == 1 or bisect_right(self._recent, at, key=_step_of) >= lines:
                return names, [Stretch(row[0], 1, tuple(row[2][place] for place in places)) for row in self._recent]
            columns = [buckets.columns[place] if place < len(buckets.columns) else None for place in places]
            return names, [
                Stretch(last, buckets.stride, tuple(_mean_of(column, index) for column in columns))
                for index, last in enumerate(buckets.last_step)
            ]

    # ------------------------------------------------------------------------------------------- inside

    def _truncate_after(self, step: float) -> None:
        before = len(self._recent), len(self._buckets)
        cut = bisect_right(self._recent, step, key=_step_of)
        if cut < len(self._recent):
            self._figures = {}  # they may be of what is dropped; the next evaluation says what holds
        self._waiting = max(0, self._waiting - (len(self._recent) - cut))
        del self._recent[cut:]
        self._cut_buckets(step)
        if before == (len(self._recent), len(self._buckets)):
            return
        self._newest = self._last_kept()
        self.version += 1
        self.course += 1

    def _last_kept(self) -> tuple[float, float]:
        if self._recent:
            return self._recent[-1][:2]
        buckets = self._buckets
        return (buckets.last_step[-1], buckets.last_time[-1]) if len(buckets) else NOTHING

    def _fold(self) -> None:
        self._waiting -= self._buckets.fold(self._recent[-self._waiting :])
        if len(self._recent) > 2 * self._capacity:
            del self._recent[: len(self._recent) - max(self._capacity, self._waiting)]

    def _adopt_layout(self, layout: Layout) -> None:
        losses, rates, weights, health, figures = layout
        arriving = [
            *(SeriesKey("loss", name) for name in losses),
            *(SeriesKey("lr", name) for name in rates),
            *(SeriesKey("weight", name) for name in weights),
            SeriesKey("pace", "throughput"),
            SeriesKey("pace", "data_wait"),
            *(SeriesKey("health", name) for name in health),
            *(SeriesKey("figure", name) for name in figures),
        ]
        for key in arriving:
            if key not in self._places:
                self._places[key] = len(self._keys)
                self._keys.append(key)
        order = [self._places[key] for key in arriving]
        self._layout = layout
        self._order = None if order == list(range(len(self._keys))) else order
        width = len(self._keys)
        self._recent = [(step, time, row + (ABSENT,) * (width - len(row))) for step, time, row in self._recent]

    def _with_looks(self, health: Mapping[str, float | None]) -> Mapping[str, float | None]:
        """A line's measures, with the looks of the newest contact sheet before it: they hold until the next one."""
        if any(name.startswith(LOOKS) for name in health):
            self._looks = {name: value for name, value in health.items() if name.startswith(LOOKS)}
        return {**health, **self._looks} if self._looks else health

    def _ordered(self, values: Sequence[float | None], order: Sequence[int]) -> tuple[float | None, ...]:
        row: list[float | None] = [ABSENT] * len(self._keys)
        for place, value in zip(order, values, strict=True):
            row[place] = value
        return tuple(row)

    def _cut_buckets(self, step: float) -> None:
        buckets = self._buckets
        keep = bisect_right(buckets.last_step, step)
        if keep == len(buckets) or buckets.first_step[keep] > step:
            buckets.cut(keep)
            return
        first = buckets.first_step[keep]
        if self._recent and self._recent[0][0] <= first:
            buckets.cut(keep)
            self._waiting = len(self._recent) - bisect_left(self._recent, first, key=_step_of)
        else:
            buckets.cut(keep + 1)
            buckets.last_step[keep] = step

    def _from_buckets(
        self, keys: Sequence[SeriesKey], low: float, high: float, columns: int, axis: Axis
    ) -> dict[SeriesKey, list[Span]]:
        bounds = edges(self._buckets.starts(axis), low, high, columns)
        found = {}
        for key in keys:
            place = self._places.get(key, len(self._buckets.columns))
            known = place < len(self._buckets.columns)
            found[key] = spans_of_column(self._buckets.columns[place], bounds) if known else [EMPTY] * columns
        return found

    def _from_lines(
        self, keys: Sequence[SeriesKey], rows: Sequence[Row], low: float, high: float, columns: int, axis: Axis
    ) -> dict[SeriesKey, list[Span]]:
        first, last = _within(rows, low, high, axis)
        rows = rows[first:last]
        bounds = edges([position(row, axis) for row in rows], low, high, columns)
        table = list(zip(*(row[2] for row in rows), strict=True)) or [()] * len(self._keys)
        found = {}
        for key in keys:
            at = self._places.get(key)
            found[key] = [EMPTY] * columns if at is None else spans_of_values(table[at], bounds)
        return found


def _mean_of(column: Column | None, bucket: int) -> float | None:
    """The mean of a bucket as of a line: None where a value was not finite, ABSENT where there is none."""
    if column is None or not (column.count[bucket] or column.holes[bucket]):
        return ABSENT
    return None if column.holes[bucket] else column.total[bucket] / column.count[bucket]


def _within(rows: Sequence[Row], low: float, high: float, axis: Axis) -> tuple[int, int]:
    """Of lines in order, the first within [low, high] and the first beyond."""

    def place(row: Row) -> float:
        return position(row, axis)

    return bisect_left(rows, low, key=place), bisect_right(rows, high, key=place)


def _step_of(row: Row) -> float:
    return row[0]
