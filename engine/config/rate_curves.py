"""Learning-rate schedules that are known in advance: the factor of the base rates, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from engine.config.schema import OptimConfig

Curve: TypeAlias = Callable[[int], float]
"""Completed epochs -> factor of the epoch that follows."""


def curve_of(config: OptimConfig) -> Curve | None:
    """Every factor ahead, as a function of the number of completed epochs; None for "plateau", which cannot know.

    "linear" is 1 for `epochs` epochs, then falls in equal steps that reach 0 as the run of epochs + decay_epochs ends;
    "step" drops tenfold every decay_every epochs; "cosine" takes half a period over `epochs`, from 1 to 0, and stays at
    0 for any epochs after them (the reference's rises again: decay_epochs = 0 ends the run with it); "constant" is 1.
    """
    match config.schedule:
        case "linear":
            return lambda done: max(0.0, 1 - max(0, done + 1 - config.epochs) / (config.decay_epochs + 1))
        case "step":
            return lambda done: 0.1 ** (done // config.decay_every)
        case "cosine":
            return lambda done: (1 + math.cos(math.pi * min(done / config.epochs, 1))) / 2
        case "constant":
            return lambda done: 1.0
        case "plateau":
            return None
