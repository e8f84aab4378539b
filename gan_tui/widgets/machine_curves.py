"""Readings of a machine over time as the dots that are drawn for them."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from gan_tui.state.series import Span
from gan_tui.widgets.braille import Run, connected

Level = float | None
"""Where a dot column has its dots, 0 at the bottom to 1 at the top."""


def levels(spans: Sequence[Span], top: float, hold: int) -> list[Level]:
    """The mean of each column as a share of ``top``; gaps of at most ``hold`` columns keep what was before them."""
    found: list[Level] = [min(1.0, max(0.0, span.mean / top)) if span.finite else None for span in spans]
    return held(found, hold)


def held(values: Sequence[Level], most: int) -> list[Level]:
    """Fill gaps of at most so many columns with the value before them; longer ones stay gaps: nothing was read."""
    filled = list(values)
    last: int | None = None
    for column, value in enumerate(values):
        if value is None:
            continue
        if last is not None and column - last - 1 <= most:
            filled[last + 1 : column] = [values[last]] * (column - last - 1)
        last = column
    return filled


def filled(values: Sequence[Level], rows: int) -> list[Run]:
    """Dots from the bottom up to each level; a row of them where it is 0, so that nothing read and 0 differ."""
    return [None if value is None else (0, _dot(value, rows)) for value in values]


def line(values: Sequence[Level], rows: int) -> list[Run]:
    """A line through the levels."""
    return connected([None if value is None else _dot(value, rows) for value in values])


def between(low: Sequence[Level], high: Sequence[Level], rows: int) -> list[Run]:
    """Dots from one level up to the other."""
    return [
        None if a is None or b is None else (_dot(min(a, b), rows), _dot(max(a, b), rows))
        for a, b in zip(low, high, strict=True)
    ]


def logarithmic(spans: Sequence[Span], low: float, high: float, hold: int) -> list[Level]:
    """The mean of each column between two values, on a logarithmic scale."""
    width = log(high / low) or 1.0
    found: list[Level] = [
        min(1.0, max(0.0, log(span.mean / low) / width)) if span.finite and span.mean > 0 else None for span in spans
    ]
    return held(found, hold)


def _dot(level: float, rows: int) -> int:
    return min(4 * rows - 1, int(level * 4 * rows))
