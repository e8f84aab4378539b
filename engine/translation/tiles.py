"""An image in overlapping pieces, and a whole of what became of them, blended where they overlap.

Along each axis the pieces begin at even distances, so that the last one ends where the image does. The share of each
in a pixel rises in a straight line over the overlap with the one before and falls over the one with the next; the
shares in a pixel sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Span:
    """A piece along one axis."""

    start: int
    """Its first pixel."""
    shares: NDArray[np.float32]
    """(side,): its part in each pixel that it covers."""

    @property
    def slice(self) -> slice:
        """Its pixels."""
        return slice(self.start, self.start + len(self.shares))


def spans(length: int, side: int, overlap: int) -> list[Span]:
    """The pieces that cover an axis.

    Args:
        length: pixels along the axis.
        side: pixels of a piece; where the axis is no longer, the one piece is all of it.
        overlap: pixels that neighbours share at least; at most half of a piece.
    """
    if length <= side:
        return [Span(0, np.ones(length, np.float32))]
    count = 1 - (side - length) // (side - overlap)  # 1 + (length - side) / (side - overlap), rounded up
    starts = [round(number * (length - side) / (count - 1)) for number in range(count)]
    weights = np.zeros((count, length))
    for number, start in enumerate(starts):
        rise = starts[number - 1] + side - start if number else 0
        fall = start + side - starts[number + 1] if number + 1 < count else 0
        weights[number, start : start + side] = _trapezium(side, rise, fall)
    shares = (weights / weights.sum(0)).astype(np.float32)
    return [Span(start, shares[number, start : start + side]) for number, start in enumerate(starts)]


def _trapezium(side: int, rise: int, fall: int) -> NDArray[np.float64]:
    """1 in the middle, and towards an end that overlaps in a straight line to 0, which is not reached."""
    at = np.arange(side)
    rising = (at + 0.5) / rise if rise else np.ones(side)
    falling = (side - at - 0.5) / fall if fall else np.ones(side)
    lowest: NDArray[np.float64] = np.minimum(1.0, np.minimum(rising, falling))
    return lowest
