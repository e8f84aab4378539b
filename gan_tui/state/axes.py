"""Axes: ranges that grow in jumps, round tick positions and their labels."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import NamedTuple

HEADROOM = 1.25
"""An x axis that data has outgrown becomes this much longer than needed, and then stays as it is for a while."""
ORIGIN_SHARE = 0.1
"""An x axis whose data begins within this share of it begins at zero."""
SLACK = 0.5
"""A y axis of which data fills less than this share is fitted anew."""
DECADES = 5
"""A logarithmic axis shows at most so many decades below its top."""
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Range(NamedTuple):
    """The two ends of an axis."""

    low: float
    high: float


def grown(current: Range | None, first: float, last: float, limit: float | None = None) -> Range:
    """An x axis for data from ``first`` to ``last``: the current one as long as it serves.

    ``limit`` is where the data will end; the axis doesn't reach beyond it.
    """
    if 0 < first <= ORIGIN_SHARE * last:
        first = 0.0
    serves = current is not None and current.low == first and last <= current.high
    if current is not None and limit is not None and last <= limit < current.high:
        serves = False  # drawn before it was known where the data will end
    filled = current is not None and (last - first) * 4 >= (current.high - first)
    if current is not None and serves and filled:
        return current
    high = first + max(1.0, last - first) * HEADROOM
    if limit is not None and last <= limit < high * 1.1:
        high = limit
    return Range(first, max(high, first + 1.0))


def followed(current: Range | None, newest: float, width: float) -> Range:
    """An x axis of a width that has the newest position in it: the current one as long as it serves."""
    serves = current is not None and current.low < newest <= current.high
    if current is not None and serves and abs(current.high - current.low - width) <= 1e-6 * width:
        return current
    high = newest + (1 - 1 / HEADROOM) * width
    return Range(high - width, high)


def fitted(current: Range | None, low: float, high: float, *, log: bool) -> Range:
    """A y axis for data from ``low`` to ``high``: the current one while it holds them and they fill it well enough."""
    if log:
        high = log10(high)
        low = max(log10(low), high - DECADES) if low > 0 else high - DECADES
    span = high - low
    holds = current is not None and current.low <= low and high <= current.high
    if current is not None and holds and span >= SLACK * (current.high - current.low):
        return current
    if span <= 0:
        pad = 0.5 if log else abs(high) * 0.1 or 0.5
        return Range(low - pad, high + pad)
    if log:
        return Range(low - 0.04 * span, high + 0.04 * span)
    step = _round_step(span / 4)
    return Range(floor(low / step) * step, ceil((high + 0.02 * span) / step) * step)


def ticks(axis: Range, count: int) -> list[float]:
    """At most about ``count`` round positions on a linear axis."""
    step = _round_step((axis.high - axis.low) / max(1, count))
    first = ceil(axis.low / step - 1e-9)
    last = floor(axis.high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def log_ticks(axis: Range, count: int) -> list[float]:
    """Positions, as logarithms, of round values on a logarithmic axis: 1, or 1-2-5, by how many fit."""
    lowest, highest = floor(axis.low), ceil(axis.high)
    inside: list[float] = []
    for mantissas in ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        found = [log10(m) + decade for decade in range(lowest, highest + 1) for m in mantissas]
        inside = [value for value in found if axis.low <= value <= axis.high]
        if len(inside) <= count:
            break
    return inside


def value_label(value: float) -> str:
    """A loss on at most five characters: 0.05, 1.5, 12, 3e-5."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 100_000 or size < 0.001:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.3f}".rstrip("0").rstrip(".") if size < 10 else f"{value:.1f}".removesuffix(".0")


def reading(value: float) -> str:
    """A current value, with three digits that stay in place while it moves: 0.170, 12.4, 3e-5."""
    size = abs(value)
    if size >= 1000 or (size < 0.001 and size):
        return value_label(value)
    return f"{value:.3f}" if size < 10 else f"{value:.1f}"


def count_label(value: float) -> str:
    """A number of steps, shortened: 500, 12k, 1.5M."""
    for limit, unit in ((1_000_000, "M"), (1_000, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.2f}".rstrip("0").rstrip(".") + unit
    return f"{value:.0f}"


def placed(labels: Sequence[tuple[int, str]], width: int) -> str:
    """Labels centred on their columns in one line; one that would touch another is left out."""
    line = [" "] * width
    free = 0
    for column, text in labels:
        start = min(max(0, column - len(text) // 2), width - len(text))
        if start >= free and start >= 0:
            line[start : start + len(text)] = text
            free = start + len(text) + 2
    return "".join(line)


def _round_step(rough: float) -> float:
    if rough <= 0:
        return 1.0
    decade = 10.0 ** floor(log10(rough))
    return next(step * decade for step in _STEPS if step * decade >= rough * 0.999)
