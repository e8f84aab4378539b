"""The dots of series in a part of a run's course, as if the whole of it were drawn and the part cut out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import floor, inf, nextafter
from typing import NamedTuple

from gan_tui.state.axes import Range
from gan_tui.state.curves import Band, bridged, positive, smoothed
from gan_tui.state.history import History
from gan_tui.state.series import EMPTY, Axis, SeriesKey, Span


class Dots(NamedTuple):
    """What the columns of a plot show of a series."""

    spans: Sequence[Span]
    bands: Sequence[Band]
    """What it is there, to be read off."""
    drawn: Sequence[Band]
    """The same with columns between two lines filled, also towards lines beyond the edges of the plot."""

    def in_sight(self) -> list[Band]:
        """What the y axis is to have room for: a curve that only passes between two lines beyond the edges, too."""
        return [*self.bands, self.drawn[0], self.drawn[-1]]


def dots_of(
    history: History,
    keys: Sequence[SeriesKey],
    x: Range,
    columns: int,
    axis: Axis,
    memory: Sequence[float],
    *,
    log: bool,
    nudges: Iterable[float] = (),
) -> list[Dots]:
    """The dots of series in a part of the course.

    Smoothing takes in as much again on the left, beyond which its memory has faded; and a curve goes on over the edge
    to the nearest line there, however far off.

    Args:
        history: of the run.
        keys: of the series.
        x: the part of the axis.
        columns: into which it is divided.
        axis: what its positions are.
        memory: of each series' exponential mean, from one column to the next.
        log: whether the y axis is logarithmic.
        nudges: positions after which smoothing begins anew: in the next column, as one that holds lines of both sides
            can be told from neither.
    """
    spans = history.decimate(keys, x.low, x.high, columns, axis)
    before, after = history.beyond(x.low, x.high, axis)
    left, left_places = _beside(history, keys, x, columns, axis, before)
    right, right_places = _beside(history, keys, x, columns, axis, after)
    places = [*left_places, *range(columns), *right_places]
    seen = slice(len(left_places), len(left_places) + columns)
    anew = {column + len(left_places) for column in _following(nudges, x, columns, before)}
    dots = []
    for key, kept in zip(keys, memory, strict=True):
        around = [*left[key], *spans[key], *right[key]]
        bands = smoothed(around, kept, anew)
        drawn = bridged(positive(bands) if log else bands, around, places)
        dots.append(Dots(spans[key], bands[seen], drawn[seen]))
    return dots


def _following(nudges: Iterable[float], x: Range, columns: int, before: float | None) -> Iterator[int]:
    """The column after each nudge, by the number that it has from the left edge.

    A nudge further to the left than smoothing reaches counts only where it lies between the line that is held there
    and what is seen.

    Args:
        nudges: positions.
        x: what is seen.
        columns: in which.
        before: the last line before that, if there is one.
    """
    width = x.high - x.low
    for at in nudges:
        if at >= x.low or (before is not None and at >= min(before, x.low - width)):
            yield max(-columns, floor((at - x.low) / width * columns)) + 1


def _beside(
    history: History, keys: Sequence[SeriesKey], x: Range, columns: int, axis: Axis, nearest: float | None
) -> tuple[dict[SeriesKey, list[Span]], list[float]]:
    """Columns beyond an edge, as many as are seen, and where they stand; none where the course ends there.

    Args:
        history: as dots_of, like all else.
        keys: of the series.
        x: what is seen.
        columns: in which.
        axis: what positions are.
        nearest: the line nearest to the edge, on its other side. Where that is further off than the columns reach,
            the outermost stands there and holds it.
    """
    if nearest is None:
        return {key: [] for key in keys}, []
    width = x.high - x.low
    leftward = nearest < x.low
    low, high = (x.low - width, nextafter(x.low, -inf)) if leftward else (nextafter(x.high, inf), x.high + width)
    places: list[float] = [*(range(-columns, 0) if leftward else range(columns, 2 * columns))]
    if low <= nearest <= high:
        return history.decimate(keys, low, high, columns, axis), places
    outermost = 0 if leftward else -1
    places[outermost] = (nearest - x.low) / width * columns
    found = {key: [EMPTY] * columns for key in keys}
    for key, [span] in history.decimate(keys, nearest, nearest, 1, axis).items():
        found[key][outermost] = span
    return found, places
