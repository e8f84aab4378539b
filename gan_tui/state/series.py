"""Bounded columns of min, max and mean over a run's whole length: a table of buckets that halves itself when full."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isnan, nan
from typing import Literal, NamedTuple, TypeAlias

Group: TypeAlias = Literal["loss", "lr", "weight", "pace", "health", "figure"]
Axis: TypeAlias = Literal["step", "time"]
Row: TypeAlias = tuple[float, float, tuple[float | None, ...]]
"""Step, time, and one value per series in the order of their first appearance; None where a mean was not finite."""


ABSENT = nan
"""Stands in a line for a series that it does not have: unlike None it is not even a hole."""


class SeriesKey(NamedTuple):
    """Names one series of a run: ("loss", "G_A"), ("lr", "g"), ("pace", "throughput")."""

    group: Group
    name: str


class Span(NamedTuple):
    """What one column of a plot shows of a series."""

    low: float
    """inf when nothing finite fell into the column."""
    high: float
    total: float
    finite: int
    """How many values were finite; their mean is total / finite."""
    holes: int
    """Values that were not finite."""

    @property
    def mean(self) -> float:
        """The mean of the finite values; ask for it only when there is one."""
        return self.total / self.finite


class Stretch(NamedTuple):
    """A part of the course: a line of metrics, or lines that are kept only as their means."""

    last: float
    """The step of its last line."""
    lines: int
    values: tuple[float | None, ...]
    """The mean of each series; None where a value was not finite, NaN where there was none."""


EMPTY = Span(inf, -inf, 0.0, 0, 0)


def _doubles() -> array[float]:
    return array("d")


def _counts() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Column:
    """One series' buckets.

    An empty bucket has low = inf and high = -inf, so that min() and max() need no special case.
    """

    low: array[float] = field(default_factory=_doubles)
    high: array[float] = field(default_factory=_doubles)
    total: array[float] = field(default_factory=_doubles)
    count: array[int] = field(default_factory=_counts)
    holes: array[int] = field(default_factory=_counts)

    @classmethod
    def empty(cls, buckets: int) -> Column:
        """A column of a series that had no value so far."""
        return cls(
            array("d", [inf]) * buckets,
            array("d", [-inf]) * buckets,
            array("d", [0.0]) * buckets,
            array("q", [0]) * buckets,
            array("q", [0]) * buckets,
        )

    def add(self, span: Span) -> None:
        """Append a bucket."""
        self.low.append(span.low)
        self.high.append(span.high)
        self.total.append(span.total)
        self.count.append(span.finite)
        self.holes.append(span.holes)

    def merge_pairs(self) -> None:
        """Halve the number of buckets, which must be even."""
        self.low = array("d", map(min, self.low[::2], self.low[1::2]))
        self.high = array("d", map(max, self.high[::2], self.high[1::2]))
        self.total = array("d", map(float.__add__, self.total[::2], self.total[1::2]))
        self.count = array("q", map(int.__add__, self.count[::2], self.count[1::2]))
        self.holes = array("q", map(int.__add__, self.holes[::2], self.holes[1::2]))

    def cut(self, buckets: int) -> None:
        """Keep only the first buckets."""
        del self.low[buckets:], self.high[buckets:], self.total[buckets:]
        del self.count[buckets:], self.holes[buckets:]

    def span(self, start: int, stop: int) -> Span:
        """Buckets start to stop (exclusive) as one."""
        if start + 1 == stop:
            return Span(self.low[start], self.high[start], self.total[start], self.count[start], self.holes[start])
        return Span(
            min(self.low[start:stop]),
            max(self.high[start:stop]),
            sum(self.total[start:stop]),
            sum(self.count[start:stop]),
            sum(self.holes[start:stop]),
        )


def span_of(values: Sequence[float | None]) -> Span:
    """Summarise values; None is a hole, ABSENT nothing."""
    if None not in values:
        present: Sequence[float] = values  # type: ignore[assignment]
        total = sum(present)
        if total == total and present:
            return Span(min(present), max(present), total, len(present), 0)
    finite = [value for value in values if value is not None and value == value]
    holes = sum(value is None for value in values)
    if not finite:
        return Span(inf, -inf, 0.0, 0, holes)
    return Span(min(finite), max(finite), sum(finite), len(finite), holes)


def joined(first: Span, second: Span) -> Span:
    """Two spans of one series as one."""
    return Span(
        min(first.low, second.low),
        max(first.high, second.high),
        first.total + second.total,
        first.finite + second.finite,
        first.holes + second.holes,
    )


class Buckets:
    """The whole history in at most ``capacity`` buckets of ``stride`` rows each, shared by all series."""

    def __init__(self, capacity: int) -> None:
        assert capacity % 2 == 0
        self.capacity = capacity
        self.stride = 1
        self.first_step = _doubles()
        self.last_step = _doubles()
        self.first_time = _doubles()
        self.last_time = _doubles()
        self.columns: list[Column] = []

    def __len__(self) -> int:
        return len(self.first_step)

    def widen(self, series: int) -> None:
        """Have at least so many series."""
        while len(self.columns) < series:
            self.columns.append(Column.empty(len(self)))

    def fold(self, rows: Sequence[Row]) -> int:
        """Take in as many rows as fill whole buckets; returns how many. Rows share one width.

        The stride may double on the way; the rows left over then wait for the next call.
        """
        done = 0
        while len(rows) - done >= self.stride:
            if len(self) >= self.capacity:
                self._merge_pairs()
                continue
            room = min((len(rows) - done) // self.stride, self.capacity - len(self))
            self._add(rows[done : done + room * self.stride])
            done += room * self.stride
        return done

    def cut(self, buckets: int) -> None:
        """Keep only the first buckets."""
        for edge in (self.first_step, self.last_step, self.first_time, self.last_time):
            del edge[buckets:]
        for column in self.columns:
            column.cut(buckets)

    def starts(self, axis: Axis) -> array[float]:
        """Where each bucket begins on an axis."""
        return self.first_step if axis == "step" else self.first_time

    def ends(self, axis: Axis) -> array[float]:
        """Where each bucket ends on an axis."""
        return self.last_step if axis == "step" else self.last_time

    def _add(self, rows: Sequence[Row]) -> None:
        steps = [row[0] for row in rows]
        times = [row[1] for row in rows]
        values = list(zip(*(row[2] for row in rows), strict=True))
        stride = self.stride
        self.widen(len(values))
        self.first_step.extend(steps[::stride])
        self.last_step.extend(steps[stride - 1 :: stride])
        self.first_time.extend(times[::stride])
        self.last_time.extend(times[stride - 1 :: stride])
        for column, series in zip(self.columns, values, strict=False):
            if not _add_finite(column, series, stride):
                for at in range(0, len(series), stride):
                    column.add(span_of(series[at : at + stride]))
        for column in self.columns[len(values) :]:
            for _ in range(len(rows) // stride):
                column.add(EMPTY)

    def _merge_pairs(self) -> None:
        self.stride *= 2
        self.first_step = self.first_step[::2]
        self.last_step = self.last_step[1::2]
        self.first_time = self.first_time[::2]
        self.last_time = self.last_time[1::2]
        for column in self.columns:
            column.merge_pairs()


def _add_finite(column: Column, values: Sequence[float | None], stride: int) -> bool:
    """Append buckets of ``stride`` values each, faster than span by span; False where not every value is a number."""
    try:
        if isnan(sum(values)):  # type: ignore[arg-type]  # what a None leads to is caught
            return False
    except TypeError:
        return False
    numbers: Sequence[float] = values  # type: ignore[assignment]
    if stride == 1:
        lows = highs = totals = numbers
    else:
        parts = [numbers[at : at + stride] for at in range(0, len(numbers), stride)]
        lows, highs, totals = list(map(min, parts)), list(map(max, parts)), list(map(sum, parts))
    column.low.extend(lows)
    column.high.extend(highs)
    column.total.extend(totals)
    column.count.extend([stride] * len(lows))
    column.holes.extend([0] * len(lows))
    return True


def position(row: Row, axis: Axis) -> float:
    """Where a line lies on an axis."""
    return row[0] if axis == "step" else row[1]


def edges(positions: Sequence[float], low: float, high: float, columns: int) -> list[int]:
    """Split sorted positions over equal columns of [low, high]: column c holds indices edges[c] to edges[c + 1]."""
    width = (high - low) / columns
    found = [bisect_left(positions, low + column * width) for column in range(columns)]
    found.append(bisect_right(positions, high))
    return found


def spans_of_column(column: Column, bounds: Sequence[int]) -> list[Span]:
    """One span per plot column from a series' buckets."""
    return [column.span(start, stop) if stop > start else EMPTY for start, stop in pairwise(bounds)]


def spans_of_values(values: Sequence[float | None], bounds: Sequence[int]) -> list[Span]:
    """One span per plot column from raw values."""
    return [span_of(values[start:stop]) if stop > start else EMPTY for start, stop in pairwise(bounds)]
