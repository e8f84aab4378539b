"""The loss plot: several series in braille on shared axes, each labelled with its name and value where it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log10
from typing import ClassVar, Literal, TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from gan_tui.state.history import History
from gan_tui.state.run_view import Marker
from gan_tui.state.series import Axis, SeriesKey, Span
from gan_tui.themes import SERIES
from gan_tui.widgets import axes, braille

Smoothing: TypeAlias = Literal[0, 1, 2]
"""None (each column's extremes), light, strong."""

MEMORY: dict[Smoothing, float] = {0: 0.0, 1: 0.8, 2: 0.95}
"""What an exponential mean keeps from one dot column to the next."""
SMOOTHING_NAMES: dict[Smoothing, str] = {0: "raw", 1: "smooth", 2: "smoother"}

SYMBOLS = {"nudge": "▼", "checkpoint": "◆", "alert": "!", "resume": "↻", "note": "✎"}
LINED = frozenset({"nudge", "alert", "resume"})
"""Markers with a line down the plot; the others stand on the x axis alone."""

GUTTER = 6
"""Columns for the labels of the y axis."""
BLANK = (" ", "plot--ground")


@dataclass(frozen=True, kw_only=True)
class PlotData:
    """What a plot is to show; the curves come from the plot's history."""

    keys: tuple[SeriesKey, ...] = ()
    markers: tuple[Marker, ...] = ()
    total_steps: int = 0
    version: int = 0
    """The history's, so that a change of curves is a change of data."""


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """The axes and the room for them; while it stays equal, an update touches new columns only."""

    x: axes.Range
    y: axes.Range
    columns: int
    rows: int
    log: bool


class LossPlot(Widget, can_focus=True):
    """Curves of a history's series over steps.

    ``show`` gives it data; ``toggle_log`` and ``cycle_smoothing`` are the user's choices. Only cells that differ from
    those on the screen are drawn again.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--ground",
        "plot--axis",
        "plot--label",
        "plot--marker",
        "plot--hole",
        *(f"plot--series-{number}" for number in range(SERIES)),
    }
    DEFAULT_CSS = "\n".join(
        [
            "LossPlot { height: 1fr; }",
            "LossPlot .plot--ground { color: $faint; }",
            "LossPlot .plot--axis { color: $frame; }",
            "LossPlot .plot--label { color: $faint; }",
            "LossPlot .plot--marker { color: $accent; }",
            "LossPlot .plot--hole { color: $error; text-style: bold; }",
            *(f"LossPlot .plot--series-{number} {{ color: $series-{number}; }}" for number in range(SERIES)),
        ]
    )

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history
        self._data = PlotData()
        self._axis: Axis = "step"
        self._log = True
        self._smoothing: Smoothing = 1
        self._frame: _Frame | None = None
        self._grid: list[list[tuple[str, str]]] = []
        self._strips: dict[int, Strip] = {}

    # ------------------------------------------------------------------------------------------- data down

    def show(self, data: PlotData) -> None:
        """Draw the data, unless it is what is drawn already."""
        if data != self._data:
            self._data = data
            self._redraw()

    def toggle_log(self) -> None:
        """Switch the y axis between linear and logarithmic."""
        self._log = not self._log
        self._redraw()

    def cycle_smoothing(self) -> None:
        """Go from raw to light to strong smoothing, and round."""
        following: dict[Smoothing, Smoothing] = {0: 1, 1: 2, 2: 0}
        self._smoothing = following[self._smoothing]
        self._redraw()

    def _redraw(self) -> None:
        self._title()
        if self.size.width and self.size.height:
            self._paint(self._compose_grid())

    def on_resize(self) -> None:
        """Lay the plot out anew."""
        self._frame = None
        self._redraw()

    def notify_style_update(self) -> None:
        """Forget strips in the colours of another theme."""
        super().notify_style_update()
        self._strips.clear()

    # ------------------------------------------------------------------------------------------- drawing

    def render_line(self, y: int) -> Strip:
        """One line of the plot, as Textual asks for it."""
        if y >= len(self._grid):
            return Strip.blank(self.size.width, self.rich_style)
        if y not in self._strips:
            self._strips[y] = _strip(self._grid[y], self.get_component_rich_style)
        return self._strips[y]

    def _title(self) -> None:
        scale = "log" if self._log else "linear"
        self.border_subtitle = f"{scale} y · {SMOOTHING_NAMES[self._smoothing]} · x step"

    def _paint(self, grid: list[list[tuple[str, str]]]) -> None:
        """Put a grid on the screen, asking only for the cells that differ."""
        before, self._grid = self._grid, grid
        if len(before) != len(grid):
            self._strips.clear()
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, grid, strict=True)):
            if old == new:
                continue
            self._strips.pop(y, None)
            if len(old) != len(new):
                self.refresh(Region(0, y, self.size.width, 1))
                continue
            differing = [x for x, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
            self.refresh(Region(differing[0], y, differing[-1] - differing[0] + 1, 1))

    def _compose_grid(self) -> list[list[tuple[str, str]]]:
        width, height = self.size
        grid = [[BLANK] * width for _ in range(height)]
        extent = self._history.extent(self._axis)
        keys = self._data.keys
        names = max((len(key.name) for key in keys), default=0)
        margin = names + 8 if width >= 48 else 0
        columns, rows = width - GUTTER - 1 - margin, height - 2
        if extent is None or not keys or columns < 8 or rows < 3:
            return grid
        x = axes.grown(self._frame.x if self._frame else None, *extent, self._data.total_steps or None)
        spans = self._history.decimate(keys, x.low, x.high, 2 * columns, self._axis)
        curves = [_smoothed(spans[key], MEMORY[self._smoothing]) for key in keys]
        self._frame = self._framed(x, curves, columns, rows)
        _Painter(grid, self._frame).paint(keys, curves, [spans[key] for key in keys], self._data.markers, margin)
        return grid

    def _framed(self, x: axes.Range, curves: Sequence[Sequence[_Band]], columns: int, rows: int) -> _Frame:
        drawn = [band for curve in curves for band in curve if band is not None]
        low = min((band[0] for band in drawn if band[0] > 0 or not self._log), default=1.0)
        high = max((band[1] for band in drawn if band[1] > 0 or not self._log), default=1.0)
        same_scale = self._frame is not None and self._frame.log == self._log
        current = self._frame.y if self._frame is not None and same_scale else None
        return _Frame(x=x, y=axes.fitted(current, low, high, log=self._log), columns=columns, rows=rows, log=self._log)


_Band: TypeAlias = tuple[float, float] | None
"""The lowest and highest value that a dot column shows of a series; None where there is none."""


def _smoothed(spans: Sequence[Span], memory: float) -> list[_Band]:
    """The extremes of each column, or with memory an exponential mean that is not biased towards its beginning."""
    if not memory:
        return [(span.low, span.high) if span.finite else None for span in spans]
    bands: list[_Band] = []
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


def _bridged(bands: Sequence[_Band], spans: Sequence[Span]) -> list[_Band]:
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


class _Painter:
    """Puts axes, markers, curves and labels into a grid of (character, component class)."""

    def __init__(self, grid: list[list[tuple[str, str]]], frame: _Frame) -> None:
        self.grid = grid
        self.frame = frame
        self.left = GUTTER + 1

    def paint(
        self,
        keys: Sequence[SeriesKey],
        curves: Sequence[Sequence[_Band]],
        spans: Sequence[Sequence[Span]],
        markers: Sequence[Marker],
        margin: int,
    ) -> None:
        """Everything, from the back to the front."""
        self.axes()
        self.markers(markers)
        runs = [self.runs(_bridged(curve, span)) for curve, span in zip(curves, spans, strict=True)]
        for column in range(self.frame.columns):
            for row, cell in braille.cells(runs, column, self.frame.rows):
                self.grid[row][self.left + column] = (cell.char, _series_class(cell.series))
        self.holes(spans)
        if margin:
            self.labels(keys, curves, margin)

    def text(self, x: int, y: int, text: str, style: str) -> None:
        """Characters from a cell on."""
        for offset, char in enumerate(text):
            if 0 <= x + offset < len(self.grid[y]):
                self.grid[y][x + offset] = (char, style)

    def level(self, value: float) -> int:
        """The dot row, from the bottom, of a value; clamped to the plot."""
        frame = self.frame
        if frame.log:
            value = log10(value) if value > 0 else frame.y.low
        dots = 4 * frame.rows
        share = (value - frame.y.low) / (frame.y.high - frame.y.low)
        return min(dots - 1, max(0, int(share * dots)))

    def runs(self, bands: Sequence[_Band]) -> list[braille.Run]:
        """The dots of a curve."""
        if all(band is None or band[0] == band[1] for band in bands):
            return braille.connected([None if band is None else self.level(band[0]) for band in bands])
        return [None if band is None else (self.level(band[0]), self.level(band[1])) for band in bands]

    def axes(self) -> None:
        """Frame, ticks and tick labels."""
        frame = self.frame
        for row in range(frame.rows):
            self.grid[row][GUTTER] = ("│", "plot--axis")
        self.text(GUTTER, frame.rows, "└" + "─" * frame.columns, "plot--axis")
        find = axes.log_ticks if frame.log else axes.ticks
        for tick in find(frame.y, max(2, frame.rows // 3)):
            share = (tick - frame.y.low) / (frame.y.high - frame.y.low)
            row = frame.rows - 1 - min(frame.rows - 1, int(share * frame.rows))
            label = axes.value_label(10**tick if frame.log else tick)
            self.text(0, row, label.rjust(GUTTER - 1), "plot--label")
            self.grid[row][GUTTER] = ("┤", "plot--axis")
        labels = []
        for tick in axes.ticks(frame.x, max(2, frame.columns // 14)):
            column = self.column(tick)
            if column is not None:
                labels.append((column, axes.count_label(tick)))
                self.grid[frame.rows][self.left + column] = ("┬", "plot--axis")
        self.text(self.left, frame.rows + 1, axes.placed(labels, frame.columns), "plot--label")

    def column(self, x: float) -> int | None:
        """The cell column of a position on the x axis; None outside."""
        frame = self.frame
        column = int((x - frame.x.low) / (frame.x.high - frame.x.low) * frame.columns)
        return column if 0 <= column < frame.columns else frame.columns - 1 if x == frame.x.high else None

    def markers(self, markers: Sequence[Marker]) -> None:
        """Symbols on the x axis, and lines where something changed the course."""
        for marker in markers:
            column = self.column(marker.step)
            if column is None:
                continue
            if marker.kind in LINED:
                for row in range(self.frame.rows):
                    self.grid[row][self.left + column] = ("┊", "plot--marker")
            self.grid[self.frame.rows][self.left + column] = (SYMBOLS[marker.kind], "plot--marker")

    def holes(self, spans: Sequence[Sequence[Span]]) -> None:
        """A mark at the top over columns where a series was not finite."""
        for column in range(self.frame.columns):
            if any(series[2 * column].holes or series[2 * column + 1].holes for series in spans):
                self.grid[0][self.left + column] = ("×", "plot--hole")

    def labels(self, keys: Sequence[SeriesKey], curves: Sequence[Sequence[_Band]], margin: int) -> None:
        """Each series' name and value at the height where it ends, moved apart where they would collide."""
        ends = []
        for index, (key, curve) in enumerate(zip(keys, curves, strict=True)):
            last = next((band for band in reversed(curve) if band is not None), None)
            if last is not None:
                middle = (last[0] + last[1]) / 2
                ends.append((self.level(middle) // 4, index, key.name, axes.value_label(middle)))
        ends.sort(reverse=True)
        rows = _apart([self.frame.rows - 1 - end[0] for end in ends], self.frame.rows)
        x = self.left + self.frame.columns + 1
        for row, (_, index, name, value) in zip(rows, ends, strict=False):
            room = margin - 2 - len(value)
            self.text(x, row, f"{name[: room - 1].ljust(room)}{value}", _series_class(index))


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


def _series_class(index: int) -> str:
    return f"plot--series-{index % SERIES}"


def _strip(cells: Sequence[tuple[str, str]], style_of: Callable[[str], Style]) -> Strip:
    segments: list[Segment] = []
    run: list[str] = []
    current = cells[0][1] if cells else ""
    for char, name in cells:
        if name != current:
            segments.append(Segment("".join(run), style_of(current)))
            run, current = [], name
        run.append(char)
    segments.append(Segment("".join(run), style_of(current)))
    return Strip(segments, len(cells))
