"""A widget of characters in a grid, of which only those that change are drawn again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from gan_tui.state.plain_text import printable

Glyph: TypeAlias = tuple[str, str]
"""What a cell holds, a character as a rule, and the component class of its colour."""
Grid: TypeAlias = list[list[Glyph]]

BLANK: Glyph = (" ", "")
"""A cell with nothing in it, on the widget's own ground."""


def put(grid: Grid, x: int, y: int, text: str, style: str, end: int | None = None) -> int:
    """Write text into a row from a column on; what is outside of the grid, or not before ``end``, is left out.

    Of a character that takes two cells the second holds nothing; one that takes none is put to the one before it.

    Returns:
        The columns that all of the text takes.
    """
    row = grid[y] if 0 <= y < len(grid) else []
    end = len(row) if end is None else min(end, len(row))
    start, at, last = x, x, ""
    for char in printable(text):
        wider = cell_len(last + char) - cell_len(last)
        if wider:
            start, at, last = at, at + wider, char
        else:
            last += char
        if 0 <= start < at <= end:
            row[start:at] = [(last, style), *[("", style)] * (at - start - 1)]
    return at - x


class Canvas(Widget):
    """Shows the grid that it was given last."""

    def __init__(self) -> None:
        super().__init__()
        self._grid: Grid = []
        self._strips: dict[int, Strip] = {}

    def paint(self, grid: Grid) -> None:
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
            start, end = differing[0], differing[-1] + 1
            while end < len(new) and not (old[end][0] and new[end][0]):  # a character is drawn with all its cells
                end += 1
            self.refresh(Region(start, y, end - start, 1))

    def notify_style_update(self) -> None:
        """Forget strips in the colours of another theme."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the grid, as Textual asks for it."""
        if y >= len(self._grid):
            return Strip.blank(self.size.width, self.rich_style)
        if y not in self._strips:
            self._strips[y] = _strip(self._grid[y], self._style_of)
        return self._strips[y]

    def _style_of(self, name: str) -> Style:
        return self.get_component_rich_style(name) if name else self.rich_style


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
