"""The browser's first line: which folder of runs it is, and how many there are in which state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len

from gan_tui.widgets.columns import cut_middle
from gan_tui.widgets.line import Lines, Span

LEAST_FOLDER = 16
"""Cells that the folder's name is left with, before the census is told in full."""


class RunsHeader(Lines):
    """Folder at the left, census at the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"runs-header--name", "runs-header--folder", "runs-header--census"}
    DEFAULT_CSS = """
    RunsHeader { height: 1; background: $surface; }
    RunsHeader .runs-header--name { color: $primary; text-style: bold; background: $surface; }
    RunsHeader .runs-header--folder { color: $faint; background: $surface; }
    RunsHeader .runs-header--census { color: $foreground; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = ""
        self._census: tuple[str, ...] = ()

    def show(self, folder: str, census: Sequence[str]) -> None:
        """Take both, printable; of the census as much is shown as there is room for, its first part always."""
        if (folder, tuple(census)) != (self._folder, self._census):
            self._folder, self._census = folder, tuple(census)
            self.redraw()

    def lines(self, width: int) -> list[list[Span]]:
        """One line."""
        name = " gan-tui runs  "
        least = min(LEAST_FOLDER, cell_len(self._folder))
        census = _fitting(self._census, width - cell_len(name) - least - 3)
        room = width - cell_len(name) - cell_len(census) - 3
        folder = cut_middle(self._folder, max(0, room))
        gap = " " * max(1, width - cell_len(name) - cell_len(folder) - cell_len(census) - 1)
        return [
            [
                (name, "runs-header--name"),
                (folder, "runs-header--folder"),
                (gap, "runs-header--folder"),
                (census, "runs-header--census"),
            ]
        ]


def _fitting(census: Sequence[str], width: int) -> str:
    """The first part at the end, where it stays in its place, and before it as many of the others as fit."""
    if not census:
        return ""
    total, *others = census
    while others and cell_len(" · ".join([*others, total])) > width:
        others.pop()
    return " · ".join([*others, total])
