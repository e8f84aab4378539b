"""A grid of characters to draw on: text, rules, bars, and areas of braille."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from gan_tui.state.plain_text import printable
from gan_tui.widgets import braille
from gan_tui.widgets.canvas import BLANK, Grid, put
from gan_tui.widgets.line import Span

_BRAILLE = {chr(0x2800 + dots) for dots in range(256)}


class Area(NamedTuple):
    """A part of a sheet, in cells."""

    x: int
    y: int
    width: int
    height: int

    def row(self, y: int) -> Area:
        """One of its rows, from 0."""
        return Area(self.x, self.y + y, self.width, 1)

    def below(self, rows: int) -> Area:
        """What is left below so many of its rows."""
        return Area(self.x, self.y + rows, self.width, max(0, self.height - rows))

    def halves(self, gap: int = 2) -> tuple[Area, Area]:
        """Its left and its right half."""
        left = (self.width - gap) // 2
        return (
            Area(self.x, self.y, left, self.height),
            Area(self.x + left + gap, self.y, self.width - left - gap, self.height),
        )


class Sheet:
    """What is drawn outside of it, or of the area that is named, is left out."""

    def __init__(self, width: int, height: int) -> None:
        self.grid: Grid = [[BLANK] * width for _ in range(height)]
        self.area = Area(0, 0, width, height)

    def write(self, area: Area, parts: Sequence[Span]) -> int:
        """Put text into the first row of an area; returns how many columns it takes."""
        at = 0
        for text, style in parts:
            at += put(self.grid, area.x + at, area.y, text, style, area.x + area.width)
        return min(at, area.width)

    def write_right(self, area: Area, parts: Sequence[Span]) -> int:
        """Put text to the right end of the first row of an area; returns how many columns it takes."""
        width = min(area.width, sum(map(_columns, parts)))
        return self.write(Area(area.x + area.width - width, area.y, width, 1), parts)

    def rule(self, area: Area, title: Sequence[Span], told: Sequence[Span], style: str) -> None:
        """A line across an area that has a title in it, and at its right what is told if there is room."""
        self.write(area, [("─" * area.width, style)])
        taken = self.write(Area(area.x + 2, area.y, area.width - 3, 1), [(" ", style), *title, (" ", style)])
        room = area.width - taken - 6
        if told and sum(map(_columns, told)) <= room:
            inner = Area(area.x, area.y, area.width - 2, 1)
            self.write_right(inner, [(" ", style), *told, (" ", style)])

    def bar(self, area: Area, share: float, style: str, rest: str) -> None:
        """A bar along the first row of an area, full up to a share of it."""
        filled = round(min(1.0, max(0.0, share)) * area.width)
        self.write(area, [("█" * filled, style), ("░" * (area.width - filled), rest)])

    def curve(self, area: Area, runs: Sequence[braille.Run], style: str) -> None:
        """Dots over an area, two to a column and four to a row; those that are there already stay, in its colour."""
        for column in range(area.width):
            for row, cell in braille.cells([runs], column, area.height):
                x, y = area.x + column, area.y + row
                behind = self.grid[y][x][0] if 0 <= y < len(self.grid) and 0 <= x < len(self.grid[y]) else " "
                dots = ord(behind) & 0xFF if behind in _BRAILLE else 0
                self._put(x, y, chr(ord(cell.char) | dots), style)

    def _put(self, x: int, y: int, char: str, style: str) -> None:
        if 0 <= y < len(self.grid) and 0 <= x < len(self.grid[y]):
            self.grid[y][x] = (char, style)


def _columns(part: Span) -> int:
    return cell_len(printable(part[0]))
