"""Contact sheets as pixels: which pictures of a sheet fit a pane and how large, and their reading from a PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from gan_tui.widgets.wording import clipped

Pixel: TypeAlias = tuple[int, int, int]
Pictures: TypeAlias = list[list[list[list[Pixel]]]]
"""[placement][picture][pixel row][pixel]"""

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
"""Columns between rows of a sheet that stand side by side."""
SEAM = 1
"""Columns between the pictures of a row."""
REAL = "real_"
"""What the names of images of the data begin with."""


class Placement(NamedTuple):
    """Where one row of a sheet goes in a pane; its pictures stand side by side."""

    sheet_row: int
    names: tuple[str, ...]
    x: int
    y: int
    """Cell row of the caption; the pictures begin one below."""


class Arrangement(NamedTuple):
    """How a sheet is laid out in a pane: every picture is ``side`` pixels wide and high, side x side/2 cells."""

    side: int
    placements: tuple[Placement, ...]


def arrange(rows: Sequence[tuple[str, ...]], width: int, height: int) -> Arrangement | None:
    """The largest pictures of which a row of each kind fits; somewhat smaller ones where two rows fit then, not one.

    Where they would be too small to be read, each row is cut to its first three. None when not even the smallest fits.
    """
    if not rows:
        return None
    largest = _largest(rows, width, height)
    if largest is None or largest.side < READABLE:
        rows = [names[:CORE] for names in rows]
        largest = _largest(rows, width, height)
    if largest is None:
        return None
    smallest = max(SMALLEST, int(WORTH_A_SECOND * largest.side))
    return _showing(2, rows, width, height, smallest) or largest


def _largest(rows: Sequence[tuple[str, ...]], width: int, height: int) -> Arrangement | None:
    """With a row of each kind, or of as many as there is room for."""
    for least in range(len(set(rows)), 0, -1):
        found = _showing(least, rows, width, height, SMALLEST)
        if found is not None:
            return found
    return None


def _showing(least: int, rows: Sequence[tuple[str, ...]], width: int, height: int, smallest: int) -> Arrangement | None:
    """The largest pictures, not smaller than told, of which so many rows fit, and then as many as there is room for."""
    longest = max(len(names) for names in rows)
    for side in range(min((width + SEAM) // longest - SEAM, 2 * (height - 1)) & ~1, smallest - 1, -2):
        across = (width + GAP) // (row_width(longest, side) + GAP)
        down = height // (side // 2 + 1)
        shown = min(across * down, len(rows), LARGEST_AREA // (longest * side * side // 2))
        if shown >= least:
            return Arrangement(side, _placements(rows, _kinds_in_turn(rows)[:shown], side, width, height))
    return None


def row_width(pictures: int, side: int) -> int:
    """Columns that so many pictures side by side take."""
    return pictures * (side + SEAM) - SEAM


def _kinds_in_turn(rows: Sequence[tuple[str, ...]]) -> list[int]:
    """The rows' indices, one of each kind, then the next of each."""
    seen: dict[tuple[str, ...], int] = {}
    turns = []
    for index, names in enumerate(rows):
        turns.append((seen.setdefault(names, 0), index))
        seen[names] += 1
    return [index for _, index in sorted(turns)]


def _placements(
    rows: Sequence[tuple[str, ...]], order: Sequence[int], side: int, width: int, height: int
) -> tuple[Placement, ...]:
    """In as few columns as there is height for, in the middle of the pane."""
    pitch_x, pitch_y = row_width(max(len(names) for names in rows), side) + GAP, side // 2 + 1
    across = -(-len(order) // (height // pitch_y))
    down = -(-len(order) // across)
    left, top = (width - across * pitch_x + GAP) // 2, (height - down * pitch_y) // 2
    placements = []
    for place, index in enumerate(order):
        y, x = divmod(place, across)
        placements.append(Placement(index, rows[index], left + x * pitch_x, top + y * pitch_y))
    return tuple(placements)


def read_pictures(path: Path, tile: int, arrangement: Arrangement) -> Pictures:
    """The pictures that an arrangement shows.

    Raises:
        OSError: the sheet is missing or no picture.
    """
    from PIL import Image

    side = arrangement.side
    method = Image.Resampling.LANCZOS if tile < 4 * side else Image.Resampling.BOX
    with Image.open(path) as opened:
        sheet = opened.convert("RGB")
    found = []
    for placement in arrangement.placements:
        pictures = []
        for column in range(len(placement.names)):
            x, y = column * tile, placement.sheet_row * tile
            picture = sheet.crop((x, y, x + tile, y + tile)).resize((side, side), method)
            raw = picture.tobytes()
            pixels = [(raw[at], raw[at + 1], raw[at + 2]) for at in range(0, len(raw), 3)]
            pictures.append([pixels[line * side : (line + 1) * side] for line in range(side)])
        found.append(pictures)
    return found


def caption(names: Sequence[str], side: int) -> str:
    """The names over their pictures, an arrow between a real image and the one on its right that is made of it.

    No arrow leads to a real image, which is there to be compared with, nor on from a generated one: what that is made
    of is for its name to say, since pictures of a row need not be a chain.
    """
    cells = []
    for name, neighbour in zip(names, (*names[1:], REAL), strict=True):
        leads = name.startswith(REAL) and not neighbour.startswith(REAL)
        text = clipped(name.replace("_", " "), side - len(" →") if leads else side)
        cells.append(f"{text:<{side - 1}}→" if leads else f"{text:<{side}}")
    return (" " * SEAM).join(cells)
