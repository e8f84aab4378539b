"""The factor that multiplies the base learning rates, epoch by epoch.

Rates change at the end of an epoch, as the reference implementation does since 2025: `factor` after k calls of
`epoch_done` is the one that epoch k + 1 trains with, and the first epoch always trains with the base rates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol, TypeAlias

from engine.config.rate_curves import Curve, curve_of
from engine.config.schema import OptimConfig

State: TypeAlias = dict[str, float | int | None]


class Schedule(Protocol):
    """Where a run is in its learning-rate schedule."""

    @property
    def factor(self) -> float:
        """What multiplies the base rates in the current epoch."""

    def epoch_done(self, objective: float | None) -> None:
        """An epoch has ended; `objective` is the mean over it of what the generators minimise."""

    def state_dict(self) -> State:
        """Plain values from which load_state_dict goes on."""

    def load_state_dict(self, state: Mapping[str, float | int | None]) -> None:
        """Go on from a saved state."""


def build_schedule(config: OptimConfig) -> Schedule:
    """The schedule that a preset's [optim] section describes, before its first epoch."""
    curve = curve_of(config)
    return Plateau(config.patience) if curve is None else Planned(curve)


class Planned:
    """A schedule that is known in advance."""

    def __init__(self, curve: Curve) -> None:
        self._curve = curve
        self._done = 0

    @property
    def factor(self) -> float:
        """See Schedule."""
        return self._curve(self._done)

    def epoch_done(self, objective: float | None) -> None:
        """See Schedule; the objective changes nothing."""
        self._done += 1

    def state_dict(self) -> State:
        """{"done": completed epochs}."""
        return {"done": self._done}

    def load_state_dict(self, state: Mapping[str, float | int | None]) -> None:
        """See Schedule."""
        self._done = int(state["done"] or 0)


class Plateau:
    """Divide the rates by five once the objective has not fallen by 1 % of its best for more than `patience` epochs.

    Its decisions are those of PyTorch's ReduceLROnPlateau(mode="min", factor=0.2, threshold=0.01), which the reference
    uses, but fed with the real objective where the reference passes 0. A NaN counts as no improvement.
    """

    FACTOR = 0.2
    THRESHOLD = 0.01

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._factor = 1.0
        self._best = math.inf
        self._bad_epochs = 0

    @property
    def factor(self) -> float:
        """See Schedule."""
        return self._factor

    def epoch_done(self, objective: float | None) -> None:
        """See Schedule; an epoch without an objective is none to be patient for."""
        if objective is None:
            return
        better = math.isinf(self._best) or objective < self._best - self.THRESHOLD * abs(self._best)
        if better and math.isfinite(objective):
            self._best = objective
            self._bad_epochs = 0
        else:
            self._bad_epochs += 1
        if self._bad_epochs > self._patience:
            self._factor *= self.FACTOR
            self._bad_epochs = 0

    def state_dict(self) -> State:
        """{"factor", "best", "bad_epochs"}; best is None before the first epoch has ended."""
        best = None if math.isinf(self._best) else self._best
        return {"factor": self._factor, "best": best, "bad_epochs": self._bad_epochs}

    def load_state_dict(self, state: Mapping[str, float | int | None]) -> None:
        """See Schedule."""
        factor, best, bad_epochs = state["factor"], state["best"], state["bad_epochs"]
        assert factor is not None
        self._factor = float(factor)
        self._best = math.inf if best is None else float(best)
        self._bad_epochs = int(bad_epochs or 0)
