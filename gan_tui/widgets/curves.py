"""From what a column of a plot holds of a series to the dots drawn for it: smoothing and bridging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from gan_tui.state.series import Span

Band: TypeAlias = tuple[float, float] | None
"""The lowest and highest value that a dot column shows of a series; None where there is none."""


def smoothed(spans: Sequence[Span], memory: float) -> list[Band]:
    """The extremes of each column, or with memory an exponential mean that is not biased towards its beginning."""
    if not memory:
        return [(span.low, span.high) if span.finite else None for span in spans]
    bands: list[Band] = []
    total = weight = 0.0
    for span in spans:
        total *= memory
        weight *= memory
        if span.finite:
            total += (1 - memory) * span.mean
            weight += 1 - memory
            bands.append((total / weight, total / weight))
        else:
            bands.append(None)
    return bands


def bridged(bands: Sequence[Band], spans: Sequence[Span]) -> list[Band]:
    """Fill columns that have no line of metrics because lines are sparse; columns with holes stay gaps."""
    filled = list(bands)
    last: int | None = None
    for column, band in enumerate(bands):
        if spans[column].holes and band is None:
            last = None
        if band is None:
            continue
        if last is not None and column - last > 1:
            start = bands[last]
            assert start is not None
            for between in range(last + 1, column):
                share = (between - last) / (column - last)
                filled[between] = (
                    start[0] + share * (band[0] - start[0]),
                    start[1] + share * (band[1] - start[1]),
                )
        last = column
    return filled
