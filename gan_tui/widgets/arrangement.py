"""Which pictures of a contact sheet fit a pane, how large, and where each goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gan_tui.state.gallery import REAL, Rows, Spot, in_turn, spoken
from gan_tui.widgets.columns import clipped

SMALLEST = 8
"""Side in pixels below which a picture says nothing."""
READABLE = 20
"""Side in pixels below which fewer pictures of each row say more."""
WORTH_A_SECOND = 3 / 4
"""Share of its side that a picture keeps at least where it makes room for a second row: one example says little."""
CORE = 3
"""Real, translated, reconstructed: what a pane too small for more shows of each row."""
LARGEST_AREA = 2200
"""Cells of all pictures together. A cell of a photograph costs up to 38 bytes on the wire; a third of the pictures are
the real ones, which don't change from sheet to sheet, so a new sheet stays below 60 kB."""
GAP = 2
"""Columns between rows of pictures that stand side by side."""
SEAM = 1
"""Columns between the pictures of a row."""


class Placement(NamedTuple):
    """Where one row of a sheet goes in a pane; its pictures stand side by side."""

    sheet_row: int
    names: tuple[str, ...]
    x: int
    y: int
    """Cell row of the caption; the pictures begin one below."""
    columns: tuple[int, ...]
    """Of the sheet, one for each name."""


class Arrangement(NamedTuple):
    """How a sheet is laid out in a pane: every picture is ``side`` pixels wide and high, side x side/2 cells."""

    side: int
    placements: tuple[Placement, ...]
    of: int = 0
    """Rows that the sheet has."""

    def spot_at(self, x: int, y: int) -> Spot | None:
        """The picture, or its caption, in a cell of the pane."""
        for placement in self.placements:
            place, within = divmod(x - placement.x, self.side + SEAM)
            inside = 0 <= place < len(placement.names) and within < self.side
            if inside and 0 <= y - placement.y <= self.side // 2:
                return Spot(placement.sheet_row, placement.columns[place])
        return None


def arrange(
    rows: Rows, width: int, height: int, *, spot: Spot | None = None, area: int = LARGEST_AREA
) -> Arrangement | None:
    """The largest pictures of which a row of each kind fits; somewhat smaller ones where two rows fit then, not one.

    Where they would be too small to be read, each row is cut to its first three. None when not even the smallest fits.

    Args:
        rows: the names of the sheet's pictures.
        width: of the pane, in cells.
        height: of the pane.
        spot: a picture that is to be among those shown.
        area: how many cells all pictures may take together.
    """
    if not any(rows):
        return None
    columns = [tuple(range(len(names))) for names in rows]
    largest = _largest(rows, width, height, area)
    if largest is None or largest[0] < READABLE:
        columns = [_core(len(names), spot) for names in rows]
        rows = [tuple(names[at] for at in chosen) for names, chosen in zip(rows, columns, strict=True)]
        largest = _largest(rows, width, height, area)
    if largest is None:
        return None
    smallest = max(SMALLEST, int(WORTH_A_SECOND * largest[0]))
    side, shown = _showing(2, rows, width, height, smallest, area) or largest
    order = in_turn(rows)
    first = order.index(spot.row) // shown * shown if spot is not None and spot.row in order else 0
    first = max(0, min(first, len(order) - shown))
    return Arrangement(
        side, _placements(rows, columns, order[first : first + shown], side, width, height), of=len(order)
    )


def _core(length: int, spot: Spot | None) -> tuple[int, ...]:
    """A row's first pictures, the last of them giving way to the selected one where that would be cut."""
    if spot is None or not CORE <= spot.column < length:
        return tuple(range(min(CORE, length)))
    return (*range(CORE - 1), spot.column)


def _largest(rows: Rows, width: int, height: int, area: int) -> tuple[int, int] | None:
    """The side, and how many rows, with a row of each kind, or of as many as there is room for."""
    for least in range(len(set(rows)), 0, -1):
        found = _showing(least, rows, width, height, SMALLEST, area)
        if found is not None:
            return found
    return None


def _showing(least: int, rows: Rows, width: int, height: int, smallest: int, area: int) -> tuple[int, int] | None:
    """The largest pictures, not smaller than told, of which so many rows fit, and then as many as there is room for."""
    longest = max(len(names) for names in rows)
    for side in range(min((width + SEAM) // longest - SEAM, 2 * (height - 1)) & ~1, smallest - 1, -2):
        across = (width + GAP) // (row_width(longest, side) + GAP)
        down = height // (side // 2 + 1)
        shown = min(across * down, len(rows), area // (longest * side * side // 2))
        if shown >= least:
            return side, shown
    return None


def row_width(pictures: int, side: int) -> int:
    """Columns that so many pictures side by side take."""
    return pictures * (side + SEAM) - SEAM


def _placements(
    rows: Rows, columns: Sequence[tuple[int, ...]], order: Sequence[int], side: int, width: int, height: int
) -> tuple[Placement, ...]:
    """In as few columns as there is height for, in the middle of the pane."""
    pitch_x, pitch_y = row_width(max(len(names) for names in rows), side) + GAP, side // 2 + 1
    across = -(-len(order) // (height // pitch_y))
    down = -(-len(order) // across)
    left, top = (width - across * pitch_x + GAP) // 2, (height - down * pitch_y) // 2
    placements = []
    for place, index in enumerate(order):
        y, x = divmod(place, across)
        placements.append(Placement(index, rows[index], left + x * pitch_x, top + y * pitch_y, columns[index]))
    return tuple(placements)


def captions(names: Sequence[str], side: int, selected: int | None = None) -> list[str]:
    """What stands over each picture of a row, an arrow between a real image and what is made of it on its right.

    No arrow leads to a real image, which is there to be compared with, nor on from a generated one: what that is made
    of is for its name to say, since pictures of a row need not be a chain.

    Args:
        names: of the pictures.
        side: of a picture, in cells.
        selected: the place of one that is pointed at.
    """
    cells = []
    for place, (name, neighbour) in enumerate(zip(names, (*names[1:], REAL), strict=True)):
        leads = name.startswith(REAL) and not neighbour.startswith(REAL)
        pointer = "▸" if place == selected else ""
        text = pointer + clipped(spoken(name), side - len(" →") * leads - len(pointer))
        cells.append(f"{text:<{side - 1}}→" if leads else f"{text:<{side}}")
    return cells


def caption(names: Sequence[str], side: int) -> str:
    """The captions of a row in one line."""
    return (" " * SEAM).join(captions(names, side))
