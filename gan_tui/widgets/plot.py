"""The loss plot: several series in braille on shared axes, each labelled with its name and value where it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from gan_tui.state.history import History
from gan_tui.state.run_view import Marker
from gan_tui.state.series import Axis, SeriesKey
from gan_tui.themes import SERIES
from gan_tui.widgets import axes
from gan_tui.widgets.curves import Band, smoothed
from gan_tui.widgets.plot_painter import BLANK, GUTTER, Frame, Glyph, Grid, Painter

Smoothing: TypeAlias = Literal[0, 1, 2]
"""None (each column's extremes), light, strong."""

MEMORY: dict[Smoothing, float] = {0: 0.0, 1: 0.8, 2: 0.95}
"""What an exponential mean keeps from one dot column to the next."""
SMOOTHING_NAMES: dict[Smoothing, str] = {0: "raw", 1: "smooth", 2: "smoother"}


@dataclass(frozen=True, kw_only=True)
class PlotData:
    """What a plot is to show; the curves come from the plot's history."""

    keys: tuple[SeriesKey, ...] = ()
    markers: tuple[Marker, ...] = ()
    total_steps: int = 0
    version: int = 0
    """The history's, so that a change of curves is a change of data."""


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
        self._frame: Frame | None = None
        self._grid: Grid = []
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
        title = f"{scale} y · {SMOOTHING_NAMES[self._smoothing]} · x step"
        if self._history.coarse:
            title = f"reading the record… · {title}"
        if title != self.border_subtitle:  # to set it draws the whole pane again
            self.border_subtitle = title

    def _paint(self, grid: Grid) -> None:
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

    def _compose_grid(self) -> Grid:
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
        curves = [smoothed(spans[key], MEMORY[self._smoothing]) for key in keys]
        self._frame = self._framed(x, curves, columns, rows)
        painter = Painter(grid, self._frame)
        painter.paint(curves, [spans[key] for key in keys], self._data.markers)
        if margin:
            painter.labels(keys, curves, margin, ended=self._history.ended())
        return grid

    def _framed(self, x: axes.Range, curves: Sequence[Sequence[Band]], columns: int, rows: int) -> Frame:
        drawn = [band for curve in curves for band in curve if band is not None]
        low = min((band[0] for band in drawn if band[0] > 0 or not self._log), default=1.0)
        high = max((band[1] for band in drawn if band[1] > 0 or not self._log), default=1.0)
        same_scale = self._frame is not None and self._frame.log == self._log
        current = self._frame.y if self._frame is not None and same_scale else None
        return Frame(x=x, y=axes.fitted(current, low, high, log=self._log), columns=columns, rows=rows, log=self._log)


def _strip(cells: Sequence[Glyph], style_of: Callable[[str], Style]) -> Strip:
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
