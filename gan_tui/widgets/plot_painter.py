"""Puts a plot together as a grid of characters: axes, markers, curves and the labels at their ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log10
from typing import NamedTuple

from rich.cells import set_cell_size

from gan_tui.state import axes
from gan_tui.state.curves import Band
from gan_tui.state.dots import Dots
from gan_tui.state.markers import Marker, MarkerKind
from gan_tui.state.series import SeriesKey, Span
from gan_tui.widgets import braille
from gan_tui.widgets.canvas import Grid, put

SYMBOLS: dict[MarkerKind, str] = {"nudge": "▼", "checkpoint": "◆", "alert": "!", "resume": "↻", "note": "✎"}
LINED: frozenset[MarkerKind] = frozenset({"nudge", "resume"})
"""Markers with a line down the plot, because the curves may bend there; the others stand on the x axis alone."""
PRECEDENCE: tuple[MarkerKind, ...] = ("checkpoint", "note", "resume", "nudge", "alert")
"""Of markers in one column the last of these shows."""

GUTTER = 6
"""Columns for the labels of the y axis."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The axes and the room for them; while it stays equal, an update touches new columns only."""

    x: axes.Range
    y: axes.Range
    columns: int
    rows: int
    log: bool

    def column(self, x: float) -> int | None:
        """The cell column of a position on the x axis; None outside."""
        if not self.x.low <= x <= self.x.high:
            return None
        return min(int((x - self.x.low) / (self.x.high - self.x.low) * self.columns), self.columns - 1)


def marker_at(at: float, placed: Iterable[tuple[float, Marker]], frame: Frame) -> Marker | None:
    """What is marked in the column of a position; of several what shows there."""
    column = frame.column(at)
    there = [marker for place, marker in placed if frame.column(place) == column]
    return max(there, key=lambda marker: PRECEDENCE.index(marker.kind), default=None)


class Curve(NamedTuple):
    """A series as it is to be drawn."""

    key: SeriesKey
    dots: Dots
    style: str
    """The component class of its colour."""
    beside: bool = False
    """Whether it is another run's."""

    def at(self, column: int | None) -> float | None:
        """Its value in a cell column, or the newest before it, but not beyond its end; with None that at its end."""
        there = [place for place, band in enumerate(self.dots.bands) if band is not None]
        if column is not None:
            last = 2 * column + 1
            there = [] if there and there[-1] < 2 * column else [place for place in there if place <= last]
        band = self.dots.bands[there[-1]] if there else None
        return None if band is None else (band[0] + band[1]) / 2


class Painter:
    """Puts axes, markers, curves and labels into a grid of (character, component class)."""

    def __init__(self, grid: Grid, frame: Frame) -> None:
        self.grid = grid
        self.frame = frame
        self.left = GUTTER + 1

    def paint(
        self,
        curves: Sequence[Curve],
        markers: Sequence[tuple[float, MarkerKind]],
        x_labels: Sequence[tuple[float, str]],
        cursor: float | None,
    ) -> None:
        """All but the labels of the curves, from the back to the front."""
        self.axes(x_labels)
        self.markers(markers)
        self.cursor(cursor)
        runs = [self.runs(curve.dots.drawn) for curve in curves]
        for column in range(self.frame.columns):
            for row, cell in braille.cells(runs, column, self.frame.rows):
                self.grid[row][self.left + column] = (cell.char, curves[cell.series].style)
        self.holes([curve.dots.spans for curve in curves if not curve.beside])

    def text(self, x: int, y: int, text: str, style: str) -> None:
        """Characters from a cell on."""
        put(self.grid, x, y, text, style)

    def level(self, value: float) -> int:
        """The dot row, from the bottom, of a value; clamped to the plot."""
        frame = self.frame
        if frame.log:
            value = log10(value) if value > 0 else frame.y.low
        dots = 4 * frame.rows
        share = (value - frame.y.low) / (frame.y.high - frame.y.low)
        return min(dots - 1, max(0, int(share * dots + 1e-6)))  # 0.3 is not to be a whole row too low for 35.999…

    def runs(self, bands: Sequence[Band]) -> list[braille.Run]:
        """The dots of a curve."""
        if all(band is None or band[0] == band[1] for band in bands):
            return braille.connected([None if band is None else self.level(band[0]) for band in bands])
        return [None if band is None else (self.level(band[0]), self.level(band[1])) for band in bands]

    def axes(self, x_labels: Sequence[tuple[float, str]]) -> None:
        """Frame, ticks and tick labels; those of the x axis are given with their places."""
        frame = self.frame
        for row in range(frame.rows):
            self.grid[row][GUTTER] = ("│", "plot--axis")
        self.text(GUTTER, frame.rows, "└" + "─" * frame.columns, "plot--axis")
        find = axes.log_ticks if frame.log else axes.ticks
        before = ""
        for tick in find(frame.y, max(2, frame.rows // 3)):
            value = 10**tick if frame.log else tick
            row = frame.rows - 1 - self.level(value) // 4
            label = axes.value_label(value)
            if label == before:  # 1.5e-4 has no room, and would be another 2e-4
                continue
            before = label
            self.text(0, row, label.rjust(GUTTER - 1), "plot--label")
            self.grid[row][GUTTER] = ("┤", "plot--axis")
        labels = []
        for tick, label in x_labels:
            column = self.frame.column(tick)
            if column is not None:
                labels.append((column, label))
                self.grid[frame.rows][self.left + column] = ("┬", "plot--axis")
        self.text(self.left, frame.rows + 1, axes.placed(labels, frame.columns), "plot--label")

    def markers(self, markers: Sequence[tuple[float, MarkerKind]]) -> None:
        """Symbols on the x axis, and lines where something changed the course."""
        for at, kind in sorted(markers, key=lambda marker: PRECEDENCE.index(marker[1])):
            column = self.frame.column(at)
            if column is None:
                continue
            if kind in LINED:
                for row in range(self.frame.rows):
                    self.grid[row][self.left + column] = ("┊", "plot--marker")
            self.grid[self.frame.rows][self.left + column] = (SYMBOLS[kind], "plot--marker")

    def cursor(self, at: float | None) -> None:
        """A line where values are read out."""
        column = None if at is None else self.frame.column(at)
        if column is not None:
            for row in range(self.frame.rows):
                self.grid[row][self.left + column] = ("│", "plot--cursor")
            self.grid[self.frame.rows][self.left + column] = ("┻", "plot--cursor")

    def holes(self, spans: Sequence[Sequence[Span]]) -> None:
        """A mark at the top over columns where a series was not finite."""
        for column in range(self.frame.columns):
            if any(series[2 * column].holes or series[2 * column + 1].holes for series in spans):
                self.grid[0][self.left + column] = ("×", "plot--hole")

    def labels(self, curves: Sequence[Curve], margin: int, ended: frozenset[SeriesKey], cursor: float | None) -> None:
        """Each series' name and value at the height where it ends, moved apart where they would collide.

        With a cursor, the value and the height are those at the cursor. Labels of series that are measured no more are
        faint, and the first to be left out where there is no room. Another run's value follows the run's own.
        """
        column = None if cursor is None else self.frame.column(cursor)
        behind = {curve.key: curve for curve in curves if curve.beside}
        readings = [
            _Reading(curve, curve.at(column), behind[curve.key].at(column) if curve.key in behind else None)
            for curve in curves
            if not curve.beside
        ]
        kept = [reading for reading in readings if reading.height is not None]
        kept = sorted(kept, key=lambda reading: reading.curve.key in ended)[: self.frame.rows]
        kept.sort(key=lambda reading: reading.height or 0.0, reverse=True)
        rows = _apart(
            [self.frame.rows - 1 - self.level(reading.height or 0.0) // 4 for reading in kept], self.frame.rows
        )
        x = self.left + self.frame.columns + 1
        for row, (curve, own, other) in zip(rows, kept, strict=True):
            tail = "" if not behind else " " * 7 if other is None else f" {axes.reading(other):>6}"
            told = "–" if own is None else axes.reading(own)
            room = margin - 2 - len(told) - len(tail)
            style = "plot--label" if curve.key in ended else curve.style
            self.text(x, row, f"{set_cell_size(curve.key.name, room - 1)} {told}", style)
            if curve.key in behind:
                self.text(x + room + len(told), row, tail, behind[curve.key].style)


class _Reading(NamedTuple):
    """What is read off at one place of a series."""

    curve: Curve
    own: float | None
    behind: float | None
    """The other run's."""

    @property
    def height(self) -> float | None:
        """Where its label stands; None where there is nothing to say."""
        return self.behind if self.own is None else self.own


def _apart(wanted: Sequence[int], rows: int) -> list[int]:
    """Distinct rows near the wanted ones, in their order; as many as there are rows."""
    placed: list[int] = []
    for row in wanted[:rows]:
        placed.append(max(row, placed[-1] + 1) if placed else row)
    ceiling = rows - 1
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - 1
    return placed
