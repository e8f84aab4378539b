"""The learning rate ahead: what a schedule multiplies the base rates with, epoch by epoch, as a small curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from textual.strip import Strip
from textual.widget import Widget

from gan_tui.state.axes import count_label, value_label
from gan_tui.widgets.braille import Cell, Run, cells, connected
from gan_tui.widgets.strips import text_strip

Point: TypeAlias = tuple[int, float]
"""An epoch, from 1, and the factor in it."""

GUTTER = 5
"""Columns for the numbers at the y axis."""


class RateLine(Widget):
    """A heading, the curve over its epochs, and the first and the last of them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rate--heading", "rate--curve", "rate--label"}
    DEFAULT_CSS = """
    RateLine { height: 6; padding-right: 1; }
    RateLine .rate--heading { color: $foreground; }
    RateLine .rate--label { color: $faint; }
    RateLine .rate--curve { color: $primary; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._points: Sequence[Point] = ()
        self._notice = ""
        self._drawn: dict[tuple[int, int], Cell] = {}

    def show(self, points: Sequence[Point], notice: str = "") -> None:
        """Take the curve, oldest epoch first, or what to say in place of one."""
        self._points, self._notice = points, notice
        self._draw()

    def on_resize(self) -> None:
        """Fit the curve to the new size."""
        self._draw()

    def render_line(self, y: int) -> Strip:
        """The heading, a row of the curve, or the epochs below it."""
        pen = self.get_component_rich_style
        width = self.size.width
        if y == 0:
            parts = [("learning rate ahead", pen("rate--heading"))]
        elif not self._points:
            parts = [(self._notice if y == 1 else "", pen("rate--label"))]
        elif y <= self._rows:
            row = y - 1
            top, bottom = value_label(self._top), "0"
            label = f"×{top}" if row == 0 else bottom if row == self._rows - 1 else ""
            curve = "".join(
                self._drawn[row, column].char if (row, column) in self._drawn else " "
                for column in range(self._columns)
            )
            parts = [(label.rjust(GUTTER - 1) + " ", pen("rate--label")), (curve, pen("rate--curve"))]
        else:
            parts = [(self._epochs() if y == self._rows + 1 else "", pen("rate--label"))]
        return text_strip(parts, width, self.rich_style)

    # ------------------------------------------------------------------------------------------- inside

    @property
    def _rows(self) -> int:
        return max(0, self.size.height - 2)

    @property
    def _columns(self) -> int:
        return max(0, self.size.width - GUTTER)

    @property
    def _top(self) -> float:
        return max(factor for _, factor in self._points) or 1.0

    def _draw(self) -> None:
        runs = _runs(self._points, 2 * self._columns, 4 * self._rows)
        self._drawn = (
            {(row, column): cell for column in range(self._columns) for row, cell in cells([runs], column, self._rows)}
            if runs
            else {}
        )
        self.refresh()

    def _epochs(self) -> str:
        first, last = (f"epoch {count_label(self._points[0][0])}", count_label(self._points[-1][0]))
        return " " * GUTTER + first + last.rjust(self._columns - len(first))


def _runs(points: Sequence[Point], columns: int, rows: int) -> list[Run]:
    """The curve's dots, column by column; of an epoch that spans several columns, each has its factor."""
    if not points or columns < 2 or rows < 1:
        return []
    top = max(factor for _, factor in points) or 1.0
    first, last = points[0][0], points[-1][0]
    levels: list[int | None] = []
    at = 0
    for column in range(columns):
        epoch = first + (last - first) * column / (columns - 1)
        while at + 1 < len(points) and points[at + 1][0] <= epoch + 1e-9:
            at += 1
        levels.append(round(points[at][1] / top * (rows - 1)))
    return connected(levels)
