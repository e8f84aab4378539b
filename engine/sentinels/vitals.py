"""What the sentinels of training are told with each line of metrics."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """A line of metrics, and what has to be known beside it to judge it."""

    step: int
    losses: Mapping[str, float | None]
    """Weighted, means over the line's steps; None where not finite."""
    objective: tuple[str, ...] = ()
    """Those that the generators minimise."""
    health: Mapping[str, float | None] = field(default_factory=dict)
    """As in engine.protocol.events.Metrics."""
    factor: float = 1.0
    """What the schedule multiplies the learning rates with."""
    regime: Hashable = ()
    """What the sizes of the losses depend on beside the networks: losses of two regimes are not compared."""
    stage: bool = False
    """Whether something is trained before the method's own objective."""
