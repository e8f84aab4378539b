"""Which ways a run translates."""

from __future__ import annotations

from typing import Literal

from engine.config.data import Direction
from engine.config.methods import TrainConfig
from engine.errors import RequestError


def check_direction(config: TrainConfig, direction: Direction | Literal["both"]) -> None:
    """Refuse the way back of a method that learns one alone.

    Raises:
        RequestError: it is asked for.
    """
    if direction == "AtoB" or config.both_ways:
        return
    swapped = config.data.direction == "BtoA"
    fact = f"was not trained: {config.method.__struct_config__.tag} translates one way, from the run's A to its B"
    fact += ", which data.direction = BtoA made of the data's B and A" if swapped else ""
    other = "AtoB" if swapped else "BtoA"
    fix = f'Leave it out, or train a run with data.direction = "{other}".'
    raise RequestError(f"--direction {direction}", fact, fix)
