"""When to kill: moments drawn from a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

SAVE_SECONDS = 0.08
"""About how long a checkpoint of these runs takes to be written: kills at a draft fall into this time."""

Sight: TypeAlias = Literal["draft", "checkpoint", "deletion"]
"""What can appear in checkpoints/: one being written, one that is complete, one being deleted."""


@dataclass(frozen=True)
class SinceStart:
    """Seconds after the engine's process appeared, whatever it is doing then."""

    seconds: float


@dataclass(frozen=True)
class SinceFirstStep:
    """Seconds after this engine's first step."""

    seconds: float


@dataclass(frozen=True)
class AtSight:
    """Seconds after a thing has appeared in checkpoints/ for the so-many-th time in this engine's life."""

    what: Sight
    number: int
    seconds: float


Moment: TypeAlias = SinceStart | SinceFirstStep | AtSight


def moments(draws: random.Random, startup: float) -> Iterator[Moment]:
    """Moments without end, in shuffled rounds of twenty: a fifth in start-up, a quarter anywhere, others around saves.

    Args:
        draws: where they come from.
        startup: seconds that an engine takes to its first step.
    """
    while True:
        deck: list[Moment] = [
            *(SinceStart(draws.uniform(0, 1.1 * startup)) for _ in range(4)),
            *(SinceFirstStep(draws.uniform(0, 3)) for _ in range(5)),
            *(AtSight("draft", draws.randint(1, 6), draws.uniform(0, SAVE_SECONDS)) for _ in range(6)),
            *(AtSight("checkpoint", draws.randint(1, 6), draws.uniform(0, 0.005)) for _ in range(3)),
            *(AtSight("deletion", draws.randint(1, 3), 0.0) for _ in range(2)),
        ]
        draws.shuffle(deck)
        yield from deck


def sight_of(name: str) -> Sight | None:
    """What an entry of checkpoints/ is a sight of."""
    if name.startswith("step-"):
        return "checkpoint"
    return "draft" if name.endswith(".part") else "deletion" if name.endswith(".old") else None
