"""From what a column of a plot holds of a series to the dots drawn for it: smoothing and bridging."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from gan_tui.state.plot_choice import SMOOTHING_NAMES, Smoothing
from gan_tui.state.series import Group, SeriesKey, Span

MEMORY: dict[Smoothing, float] = {0: 0.0, 1: 0.8, 2: 0.95}
"""What an exponential mean keeps from one dot column to the next."""

Band: TypeAlias = tuple[float, float] | None
"""The lowest and highest value that a dot column shows of a series; None where there is none."""
_SET: frozenset[Group] = frozenset({"lr", "weight", "figure"})
"""Series that are drawn as they are: of what was set, not measured, and has no noise to be smoothed away; and of what
was measured now and then, each value of which holds until the next."""


def memory_of(key: SeriesKey, smoothing: Smoothing) -> float:
    """What a series' exponential mean keeps from one dot column to the next."""
    return 0.0 if key.group in _SET else MEMORY[smoothing]


def smoothing_in_words(keys: Collection[SeriesKey], smoothing: Smoothing) -> str:
    """How the curves of some series are drawn."""
    return SMOOTHING_NAMES[0 if keys and all(key.group in _SET for key in keys) else smoothing]


def smoothed(spans: Sequence[Span], memory: float, anew: Collection[int] = ()) -> list[Band]:
    """The extremes of each column, or with memory an exponential mean that is not biased towards its beginning.

    A term that is switched off is exactly 0: no decay leads there, and the mean begins anew where it is switched on.

    Args:
        spans: what each column holds.
        memory: what the mean keeps from one column to the next.
        anew: columns in which it begins anew, as it would lead over from one course to another.
    """
    if not memory:
        return [(span.low, span.high) if span.finite else None for span in spans]
    bands: list[Band] = []
    total = weight = 0.0
    for column, span in enumerate(spans):
        kept = 0.0 if column in anew else memory
        total *= kept
        weight *= kept
        if span.finite and span.low == span.high == 0:
            total = weight = 0.0
            bands.append((0.0, 0.0))
        elif span.finite:
            total += (1 - memory) * span.mean
            weight += 1 - memory
            bands.append((total / weight, total / weight))
        else:
            bands.append(None)
    return bands


def extremes(curves: Iterable[Sequence[Band]], *, log: bool) -> tuple[float, float]:
    """The lowest and the highest value that curves show on an axis; 1 where there is none."""
    drawn = [band for bands in curves for band in bands if band is not None]
    low = min((band[0] for band in drawn if band[0] > 0 or not log), default=1.0)
    high = max((band[1] for band in drawn if band[1] > 0 or not log), default=1.0)
    return low, high


def positive(bands: Sequence[Band]) -> list[Band]:
    """The bands that a logarithmic axis can show."""
    return [band if band is not None and band[1] > 0 else None for band in bands]


def bridged(bands: Sequence[Band], spans: Sequence[Span], places: Sequence[float] | None = None) -> list[Band]:
    """Fill columns that have no line of metrics because lines are sparse; others without a band stay gaps.

    Args:
        bands: of each column.
        spans: what it holds.
        places: where it stands, in columns; None for 0, 1, 2 and so on.
    """
    places = range(len(bands)) if places is None else places
    filled = list(bands)
    last: int | None = None
    for column, band in enumerate(bands):
        if band is None and (spans[column].holes or spans[column].finite):
            last = None
        if band is None:
            continue
        if last is not None and column - last > 1:
            start = bands[last]
            assert start is not None
            for between in range(last + 1, column):
                share = (places[between] - places[last]) / (places[column] - places[last])
                filled[between] = (
                    start[0] + share * (band[0] - start[0]),
                    start[1] + share * (band[1] - start[1]),
                )
        last = column
    return filled
