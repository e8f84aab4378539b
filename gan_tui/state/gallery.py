"""Which picture of a contact sheet is selected: values, and the functions that move them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

Rows: TypeAlias = Sequence[tuple[str, ...]]
"""The names of a sheet's pictures, row by row."""

REAL = "real_"
"""What the names of images of the data begin with."""


class Spot(NamedTuple):
    """A picture's place on its sheet."""

    row: int
    column: int


def in_turn(rows: Rows) -> list[int]:
    """The rows' indices in the order in which they are shown: one of each kind, then the next of each."""
    seen: dict[tuple[str, ...], int] = {}
    turns = []
    for index, names in enumerate(rows):
        turns.append((seen.setdefault(names, 0), index))
        seen[names] += 1
    return [index for _, index in sorted(turns)]


def first_made(rows: Rows) -> Spot | None:
    """The first picture that a network made; where none did, the first."""
    spots = _spots(rows)
    made = (spot for spot in spots if not rows[spot.row][spot.column].startswith(REAL))
    return next(made, spots[0] if spots else None)


def moved(rows: Rows, spot: Spot | None, by: int) -> Spot | None:
    """The picture so many after one, round at the ends; from none the first that a network made, or the last."""
    spots = _spots(rows)
    if spot not in spots:
        return first_made(rows) if by > 0 or not spots else spots[-1]
    return spots[(spots.index(spot) + by) % len(spots)]


def kept(rows: Rows, spot: Spot | None) -> Spot | None:
    """The selection on a sheet of these rows, which may have fewer pictures than the one it was made on."""
    return spot if spot in _spots(rows) else None


def spoken(name: str) -> str:
    """A picture's name as people read it: real A, fake B."""
    return name.replace("_", " ")


def _spots(rows: Rows) -> list[Spot]:
    return [Spot(row, column) for row in in_turn(rows) for column in range(len(rows[row]))]
