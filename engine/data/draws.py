"""Random draws that depend on where they are used and on nothing else.

A counter-based generator (Philox) is keyed with the seed, what the draw is for, and its place. So a run that resumes in
the middle of an epoch needs no generator state, and the number of worker processes cannot change what is drawn.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Purpose(IntEnum):
    """What is decided; draws for different purposes are independent."""

    ORDER = 1
    """The order of an epoch."""
    PARTNER = 2
    """Which image of domain B goes with an item."""
    FRAME_A = 3
    """Crop and flip of the image of domain A."""
    FRAME_B = 4
    """Crop and flip of the image of domain B."""
    DRAWING_A = 5
    """A synthetic picture of domain A."""
    DRAWING_B = 6
    """A synthetic picture of domain B."""
    STRIPES = 7
    """The stripes of an animal that is drawn in both coats."""
    DIGIT_A = 8
    """A synthetic digit of domain A."""
    DIGIT_B = 9
    """A synthetic digit of domain B."""


def generator(seed: int, purpose: Purpose, epoch: int, position: int) -> np.random.Generator:
    """A fresh generator for one decision; four non-negative numbers determine all that it will draw."""
    key = np.array([seed, purpose], dtype=np.uint64)
    counter = np.array([0, 0, position, epoch], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def frame_numbers(seed: int, purpose: Purpose, epoch: int, position: int) -> NDArray[np.float64]:
    """Three numbers in 0..1 that tell a view's crop and flip; always three, so that no setting shifts what follows."""
    return generator(seed, purpose, epoch, position).random(3)
