"""When something that happens every N steps is due."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Cadence:
    """Due whenever a multiple of ``every`` has been crossed since it was last asked.

    Crossings, not divisibility: a step counter that jumps, or an ``every`` that is changed live, skips nothing.
    """

    every: int
    seen: int = 0
    """The step at which it was last asked."""

    def due(self, step: int) -> bool:
        """Whether a multiple was crossed on the way to this step; asking moves the mark."""
        crossed = step // self.every > self.seen // self.every
        self.seen = step
        return crossed
