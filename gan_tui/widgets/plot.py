"""The plot: series of a run in braille on shared axes, each labelled with its name and value.

What is seen is the user's choice (gan_tui.state.plot_choice): a group of series, filtered; the whole course, a part of
it or the newest part; and with a cursor the values there instead of the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.message import Message

from gan_tui.state import axes
from gan_tui.state import viewport as vp
from gan_tui.state.curves import extremes, memory_of
from gan_tui.state.dots import dots_of
from gan_tui.state.groups import SeriesGroup, colour_of
from gan_tui.state.history import History
from gan_tui.state.markers import Marker, nudged_at, placed
from gan_tui.state.plain_text import printable
from gan_tui.state.plot_choice import PlotChoice
from gan_tui.state.selection import BehindIt, Selection, shift_of
from gan_tui.state.series import SeriesKey
from gan_tui.state.x_axis import x_ticks
from gan_tui.themes import SERIES
from gan_tui.widgets import plot_words as words
from gan_tui.widgets.canvas import BLANK, Canvas, Grid, put
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.plot_data import PlotData
from gan_tui.widgets.plot_painter import GUTTER, Curve, Frame, Painter, marker_at

ZOOM = 2.0
"""How much closer a key looks; the wheel does by its square root."""
PAN = 0.25
"""The share of its width that a key moves it by."""
NOTCH = 0.1
"""The same of a notch of the wheel."""


class LossPlot(Canvas, can_focus=True):
    """Curves of a history's series.

    ``show`` gives it data; the other methods are the user's choices.
    """

    ALLOW_SELECT: ClassVar[bool] = False  # dragging pans
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--axis",
        "plot--label",
        "plot--marker",
        "plot--hole",
        "plot--cursor",
        *(f"plot--{kind}-{number}" for kind in ("series", "beside") for number in range(SERIES)),
    }
    DEFAULT_CSS = "\n".join(
        [
            "LossPlot { height: 1fr; }",
            "LossPlot .plot--axis { color: $frame; }",
            "LossPlot .plot--label { color: $faint; }",
            "LossPlot .plot--marker { color: $accent; }",
            "LossPlot .plot--hole { color: $error; text-style: bold; }",
            "LossPlot .plot--cursor { color: $foreground; }",
            *(
                f"LossPlot .plot--{kind}-{number} {{ color: ${kind}-{number}; }}"
                for kind in ("series", "beside")
                for number in range(SERIES)
            ),
        ]
    )

    @dataclass
    class CursorMoved(Message):
        """The cursor stands elsewhere, or is gone."""

        step: float | None

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history
        self._data = PlotData()
        self._choice = PlotChoice()
        self._frame: Frame | None = None
        self._fitted: tuple[SeriesKey, ...] = ()
        """The series that the frame's y axis is for."""
        self._grip: int | None = None
        """The column by which the mouse holds the curves."""
        self._dragged = False
        """Whether it has moved them since it was pressed."""

    # ------------------------------------------------------------------------------------------- data down

    def show(self, data: PlotData) -> None:
        """Draw the data, unless it is what is drawn already."""
        if data != self._data:
            self._data = data
            self._redraw()

    # ------------------------------------------------------------------------------------------- the user's choices

    @property
    def choice(self) -> PlotChoice:
        """What the user has chosen to see."""
        return self._choice

    def choose(self, choice: PlotChoice) -> None:
        """See something else."""
        if choice == self._choice:
            return
        before, self._choice = self._choice, choice
        if choice.viewport.axis != before.viewport.axis:
            self._frame = None
        self._redraw()
        if choice.viewport.cursor != before.viewport.cursor:
            self.post_message(self.CursorMoved(self._cursor_step()))

    def toggle_log(self) -> None:
        """Switch the y axis between linear and logarithmic."""
        self.choose(self._choice.toggled_scale(self._data.groups))

    def cycle_smoothing(self) -> None:
        """Go from raw to light to strong smoothing, and round."""
        self.choose(self._choice.smoothed_on())

    def cycle_group(self, by: int) -> None:
        """Show the next group of series, or the one before."""
        self.choose(self._choice.next_group(self._data.groups, by))

    def filter(self, typed: str) -> None:
        """Show only series of whose names a typed word is a part."""
        self.choose(replace(self._choice, typed=typed))

    def zoom(self, closer: float, around: float | None = None) -> None:
        """Look closer, or with less than 1 from further away, around a position or the cursor."""
        self._look(lambda view, course, seen: vp.zoomed(view, course, seen, 1 / closer, around))

    def pan(self, by: float) -> None:
        """Look at what lies a share of the width to the right, or to the left."""
        self._look(lambda view, course, seen: vp.panned(view, course, seen, by))

    def toggle_newest(self) -> None:
        """Look at the newest part, or at the whole course again."""
        self._look(lambda view, course, _: vp.newest_part(view, course))

    def reset_view(self) -> None:
        """Look at the whole course, without a cursor."""
        self._look(lambda view, course, seen: vp.whole(view))

    def cycle_scale(self) -> None:
        """Label the x axis with steps, epochs, time, and round."""
        place = 1 if self._choice.viewport.axis == "step" else 0
        axis = self._choice.viewport.axis

        def convert(position: float) -> float:
            """Before the run's first line, where another run may have some, that line's."""
            first = self._history.extent(axis)
            moment = self._history.moment(max(position, first[0] if first else position), axis)
            return position if moment is None else moment[place]

        self._look(lambda view, course, _: vp.rescaled(view, course.newest, convert))

    def move_cursor(self, columns: int) -> None:
        """Move the cursor by columns of the plot; it appears at the newest line."""
        if self._frame is not None:
            by = columns * (self._frame.x.high - self._frame.x.low) / self._frame.columns
            self._look(lambda view, course, seen: vp.with_cursor(view, course, seen, by))

    def read_at(self, step: float) -> None:
        """Move the cursor to a step, where there is one."""
        axis = self._choice.viewport.axis
        moment = (step, step) if axis == "step" else self._history.moment(step, "step")
        if self._cursor() is not None and moment is not None:
            view = replace(self._choice.viewport, cursor=moment[1])
            self._look(lambda _, course, seen: vp.with_cursor(view, course, seen, 0.0))

    @property
    def cursor_step(self) -> float | None:
        """The step at which values are read out; None where they are not."""
        return None if self._cursor() is None else self._cursor_step()

    def _look(self, moved: Callable[[vp.Viewport, vp.Course, vp.Extent], vp.Viewport]) -> None:
        course = self._course()
        if course is not None and self._frame is not None:
            self.choose(replace(self._choice, viewport=moved(self._choice.viewport, course, self._frame.x)))

    def _cursor(self) -> float | None:
        """The cursor, while it is in sight: training may have gone back to before it."""
        cursor = self._choice.viewport.cursor
        seen = cursor is not None and self._frame is not None and self._frame.column(cursor) is not None
        return cursor if seen else None

    def _cursor_step(self) -> float | None:
        view = self._choice.viewport
        if view.cursor is None or view.axis == "step":
            return view.cursor
        moment = self._history.moment(view.cursor, view.axis)
        return None if moment is None else moment[0]

    def selection(self, run: str) -> Selection | None:
        """What is seen of the run of that name; None while there is nothing to see."""
        if self._frame is None:
            return None
        group = self._choice.among(self._data.groups)
        return Selection(
            run=run,
            group=group.name if not self._choice.typed else f"{group.name} /{self._choice.typed}",
            keys=group.keys,
            colours=tuple(colour_of(key, self._data.groups) for key in group.keys),
            history=self._history,
            x=self._frame.x,
            scale=self._choice.viewport.scale,
            log=group.log,
            smoothing=self._choice.smoothing,
            markers=self._data.markers,
            steps_per_epoch=self._data.steps_per_epoch,
            behind=self._behind(),
        )

    # ------------------------------------------------------------------------------------------- the mouse

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where was clicked; Textual calls the end of dragging a click, too."""
        at = self._position(event)
        if at is not None and not self._dragged:
            view = replace(self._choice.viewport, cursor=at)
            self._look(lambda _, course, seen: vp.with_cursor(view, course, seen, 0.0))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the curves."""
        if event.button == 1:
            self._grip, self._dragged = event.x, False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Have the curves follow the mouse that holds them."""
        if self._grip is None or self._frame is None:
            return
        before = self._choice
        self.pan((self._grip - event.x) / self._frame.columns)
        self._grip, self._dragged = event.x, self._dragged or self._choice != before

    def on_mouse_up(self) -> None:
        """Let go of them."""
        self._grip = None
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look closer around the pointer, or with Shift to the left."""
        self._wheel(event, +1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look from further away, or with Shift to the right."""
        self._wheel(event, -1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Look to the left."""
        event.stop()
        self.pan(-NOTCH)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Look to the right."""
        event.stop()
        self.pan(+NOTCH)

    def _wheel(self, event: events.MouseEvent, up: int) -> None:
        event.stop()
        if event.shift:
            self.pan(-up * NOTCH)
        else:
            self.zoom(ZOOM ** (up / 2), self._position(event))

    def _position(self, event: events.MouseEvent) -> float | None:
        """Where on the x axis the pointer is."""
        if self._frame is None:
            return None
        column = event.x - self.gutter.left - GUTTER - 1
        x, columns = self._frame.x, self._frame.columns
        return x.low + (column + 0.5) / columns * (x.high - x.low) if 0 <= column < columns else None

    # ------------------------------------------------------------------------------------------- drawing

    def on_resize(self) -> None:
        """Lay the plot out anew."""
        self._frame = None
        self._redraw()

    def _redraw(self) -> None:
        self._entitle()
        if self.size.width and self.size.height:
            self.paint(self._composed())

    def _entitle(self) -> None:
        """The frame's titles; to set one draws the whole pane again."""
        cursor = self._cursor()
        told = None if cursor is None else self._moment_in_words(cursor)
        reading = self._history.coarse or self._data.reading
        subtitle = words.subtitle(self._data, self._choice, cursor=told, reading=reading)
        entitle(self, words.title(self._data, self._choice), subtitle)

    def _moment_in_words(self, at: float) -> str:
        """Where the cursor is; of what is marked in its column, what shows there."""
        return words.moment(
            at,
            self._choice.viewport.axis,
            self._history,
            marker=None if self._frame is None else marker_at(at, self._placed_markers(), self._frame),
            steps_per_epoch=self._data.steps_per_epoch,
            width=self.size.width,
        )

    def _origin(self) -> float:
        """The time of the first line."""
        extent = self._history.extent("time")
        return 0.0 if extent is None else extent[0]

    def _composed(self) -> Grid:
        width, height = self.size
        grid = [[BLANK] * width for _ in range(height)]
        view, group = self._choice.viewport, self._choice.among(self._data.groups)
        keys = group.keys
        course = self._course()
        names = max((cell_len(key.name) for key in keys), default=0)
        margin = names + 8 + (7 if self._data.beside else 0) if width >= 48 else 0
        columns, rows = width - GUTTER - 1 - margin, height - 2
        if course is None or not keys or columns < 8 or rows < 3:
            self._frame = None
            if course is not None and self._choice.typed and not keys and height:
                self._say(grid, f"no series has {self._choice.typed!r} in its name")
            return grid
        x = self._x_range(course)
        curves = [*self._curves_beside(group, x, columns), *self._curves(self._history, group, x, columns)]
        y = self._y_range(keys, curves, log=group.log)
        self._frame = Frame(x=x, y=y, columns=columns, rows=rows, log=group.log)
        labels = x_ticks(
            x, view.scale, max(2, columns // 10), origin=self._origin(), steps_per_epoch=self._data.steps_per_epoch
        )
        painter = Painter(grid, self._frame)
        markers = [(at, marker.kind) for at, marker in self._placed_markers()]
        cursor = self._cursor()
        painter.paint(curves, markers, labels, cursor)
        if margin:
            painter.labels(curves, margin, self._history.ended(), cursor)
        return grid

    def _say(self, grid: Grid, words: str) -> None:
        """In the middle of the pane."""
        text = clipped(printable(words), self.size.width)
        put(grid, (self.size.width - cell_len(text)) // 2, len(grid) // 2, text, "plot--label")

    def _curves(
        self, history: History, group: SeriesGroup, x: axes.Range, columns: int, *, beside: bool = False
    ) -> list[Curve]:
        kind, keys = "beside" if beside else "series", group.keys
        memory = [memory_of(key, self._choice.smoothing) for key in keys]
        axis = self._choice.viewport.axis
        nudges = [] if beside else nudged_at(self._data.markers, history, axis)
        dots = dots_of(history, keys, x, 2 * columns, axis, memory, log=group.log, nudges=nudges)
        return [
            Curve(key, each, f"plot--{kind}-{colour_of(key, self._data.groups) % SERIES}", beside)
            for key, each in zip(keys, dots, strict=True)
        ]

    def _curves_beside(self, group: SeriesGroup, x: axes.Range, columns: int) -> list[Curve]:
        """Another run's, whose time is counted from its own beginning."""
        behind = self._behind()
        if behind is None:
            return []
        there = axes.Range(x.low - behind.shift, x.high - behind.shift)
        return self._curves(behind.history, group, there, columns, beside=True)

    def _behind(self) -> BehindIt | None:
        beside = self._data.beside
        if beside is None:
            return None
        shift = shift_of(beside.history, self._history, self._choice.viewport.axis)
        return BehindIt(name=beside.name, history=beside.history, shift=shift)

    def _course(self) -> vp.Course | None:
        """What there is of this run and of the one behind it."""
        axis, behind = self._choice.viewport.axis, self._behind()
        own, other = self._history.extent(axis), behind.history.extent(axis) if behind else None
        if own is None:
            return None
        if behind is None or other is None:
            return vp.Course(own[0], own[1], own[1])
        return vp.Course(min(own[0], other[0] + behind.shift), own[1], max(own[1], other[1] + behind.shift))

    def _x_range(self, course: vp.Course) -> axes.Range:
        view, current = self._choice.viewport, self._frame.x if self._frame else None
        if view.width is None:
            limit = self._data.total_steps if view.axis == "step" else None
            return axes.grown(current, course.first, course.end, limit or None)
        if view.end is None or view.end - view.width >= course.end:  # training has gone back to before it
            return axes.followed(current, course.newest, view.width)
        return axes.Range(view.end - view.width, view.end)

    def _placed_markers(self) -> list[tuple[float, Marker]]:
        return placed(self._data.markers, self._history, self._choice.viewport.axis)

    def _y_range(self, keys: tuple[SeriesKey, ...], curves: Sequence[Curve], *, log: bool) -> axes.Range:
        low, high = extremes((curve.dots.in_sight() for curve in curves), log=log)
        same = self._frame is not None and self._frame.log == log and self._fitted == keys
        self._fitted = keys
        return axes.fitted(self._frame.y if self._frame is not None and same else None, low, high, log=log)
