"""Curves as braille: 2 x 4 dots in a cell, each series a vertical run of dots in every dot column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

Run: TypeAlias = tuple[int, int] | None
"""Lowest and highest dot of a series in one dot column, counted from the bottom; None for nothing."""


class Cell(NamedTuple):
    """One character of a plot; ``series`` is the index of the one whose colour it gets."""

    char: str
    series: int


def _glyphs() -> list[list[str]]:
    """Braille by the dots of the left and of the right column, bit 0 the lowest."""
    left, right = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)

    def bits(nibble: int, weights: Sequence[int]) -> int:
        return sum(weight for bit, weight in enumerate(weights) if nibble >> bit & 1)

    return [[chr(0x2800 + bits(a, left) + bits(b, right)) for b in range(16)] for a in range(16)]


GLYPHS = _glyphs()


def connected(levels: Sequence[int | None]) -> list[Run]:
    """Runs that join the level of each dot column with the one before it; None breaks the line."""
    runs: list[Run] = []
    before: int | None = None
    for level in levels:
        if level is None:
            runs.append(None)
        elif before is None or abs(level - before) <= 1:
            runs.append((level, level))
        elif level > before:
            runs.append((before + 1, level))
        else:
            runs.append((level, before - 1))
        before = level
    return runs


def cells(curves: Sequence[Sequence[Run]], column: int, rows: int) -> Iterator[tuple[int, Cell]]:
    """The characters of one cell column, as (row from the top, cell); empty cells are left out.

    Where series meet in a cell their dots are drawn together, in the colour of the one with most dots there; of equals,
    the later one.
    """
    left = [_mask(curve[2 * column]) for curve in curves]
    right = [_mask(curve[2 * column + 1]) for curve in curves]
    union_left, union_right = 0, 0
    for a, b in zip(left, right, strict=True):
        union_left |= a
        union_right |= b
    occupied = union_left | union_right
    for row in range(rows):
        shift = 4 * (rows - 1 - row)
        if not occupied >> shift & 15:
            continue
        most, owner = 0, 0
        for series, (a, b) in enumerate(zip(left, right, strict=True)):
            dots = (a >> shift & 15).bit_count() + (b >> shift & 15).bit_count()
            if dots and dots >= most:
                most, owner = dots, series
        yield row, Cell(GLYPHS[union_left >> shift & 15][union_right >> shift & 15], owner)


def _mask(run: Run) -> int:
    if run is None:
        return 0
    low, high = run
    return ((1 << (high - low + 1)) - 1) << low
