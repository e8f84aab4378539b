"""Contact sheets as pixels: which pictures of a sheet fit a pane and how large, and their reading from a PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

Pixel: TypeAlias = tuple[int, int, int]
Pictures: TypeAlias = list[list[list[list[Pixel]]]]
"""[placement][picture][pixel row][pixel]"""

SMALLEST = 8
"""Side in pixels below which a picture says nothing."""
READABLE = 20
"""Side in pixels below which fewer pictures say more."""
CORE = 3
"""Real, translated, reconstructed: what a pane too small for more shows of each row."""
LARGEST_AREA = 2200
"""Cells of all pictures together. A cell of a photograph costs up to 38 bytes on the wire; a third of the pictures are
the real ones, which don't change from sheet to sheet, so a new sheet stays below 60 kB."""
GAP = 2
"""Columns between rows of a sheet that stand side by side."""
SEAM = 1
"""Columns between the pictures of a row."""


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
    """The largest pictures of which one row of each kind fits, and then as many rows as there is room for.

    Where they would be too small to be read, each row is cut to its first three. None when not even the smallest fits.
    """
    if not rows:
        return None
    whole = _arrange_whole(rows, width, height)
    if whole is not None and whole.side >= READABLE:
        return whole
    return _arrange_whole([names[:CORE] for names in rows], width, height)


def _arrange_whole(rows: Sequence[tuple[str, ...]], width: int, height: int) -> Arrangement | None:
    order = _kinds_in_turn(rows)
    wanted = len(set(rows))
    longest = max(len(names) for names in rows)
    for least in range(wanted, 0, -1):
        for side in range(min((width + SEAM) // longest - SEAM, 2 * (height - 1)) & ~1, SMALLEST - 1, -2):
            across = (width + GAP) // (row_width(longest, side) + GAP)
            down = height // (side // 2 + 1)
            shown = min(across * down, len(rows))
            affordable = LARGEST_AREA // (longest * side * side // 2)
            if shown >= least and affordable >= least:
                return Arrangement(side, _placements(rows, order[: min(shown, affordable)], side, width, down, longest))
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
    rows: Sequence[tuple[str, ...]], order: Sequence[int], side: int, width: int, down: int, longest: int
) -> tuple[Placement, ...]:
    across = -(-len(order) // down)
    pitch = row_width(longest, side) + GAP
    left = (width - across * pitch + GAP) // 2
    placements = []
    for place, index in enumerate(order):
        y, x = divmod(place, across)
        placements.append(Placement(index, rows[index], left + x * pitch, y * (side // 2 + 1)))
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
    """The names over their pictures, an arrow before each that is made from the one on its left."""
    cells = []
    for place, name in enumerate(names):
        text = name.replace("_", " ")
        cells.append(f"{'→ ' if place else ''}{text}"[:side].ljust(side + SEAM))
    return "".join(cells)[:-SEAM]
