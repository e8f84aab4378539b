"""Means of the loss components, kept on the device until they are drained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class Meters:
    """Sums losses step by step without waiting for the device: over a log interval, and over an epoch.

    Args:
        components: the names that every step's losses have, in this order.
        device: where they are summed.
    """

    def __init__(self, components: tuple[str, ...], device: torch.device) -> None:
        self._components = components
        wide = torch.float32 if device.type == "mps" else torch.float64
        self._interval = torch.zeros(len(components), dtype=wide, device=device)
        self._epoch = torch.zeros_like(self._interval)
        self._interval_steps = 0
        self._epoch_steps = 0

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Take in one step's losses, detached 0-d tensors on the device."""
        values = torch.stack([losses[name] for name in self._components]).to(self._interval.dtype)
        self._interval += values
        self._epoch += values
        self._interval_steps += 1
        self._epoch_steps += 1

    @property
    def pending(self) -> bool:
        """Whether steps were added since the last drain."""
        return self._interval_steps > 0

    def drain(self) -> dict[str, float]:
        """The mean of each component since the last drain; waits for the device."""
        means = (self._interval / max(1, self._interval_steps)).tolist()
        self._interval.zero_()
        self._interval_steps = 0
        return dict(zip(self._components, means, strict=True))

    def drain_epoch(self, objective: tuple[str, ...]) -> float:
        """The mean over the epoch of the sum of the named components; waits for the device."""
        means = (self._epoch / max(1, self._epoch_steps)).tolist()
        self._epoch.zero_()
        self._epoch_steps = 0
        by_name = dict(zip(self._components, means, strict=True))
        return math.fsum(by_name[name] for name in objective)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps, so that a line of metrics after a resume is what it would have been."""
        return {
            "components": list(self._components),
            "interval": self._interval, "interval_steps": self._interval_steps,
            "epoch": self._epoch, "epoch_steps": self._epoch_steps,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; a branch that has other components begins theirs at 0."""
        saved = list(state.get("components", self._components))
        for mine, theirs in ((self._interval, state["interval"]), (self._epoch, state["epoch"])):
            for place, name in enumerate(self._components):
                mine[place] = theirs[saved.index(name)] if name in saved else 0.0
        self._interval_steps, self._epoch_steps = state["interval_steps"], state["epoch_steps"]


def recordable(losses: Mapping[str, float]) -> dict[str, float | None]:
    """Losses as the record takes them: 8 significant digits, and None where not finite."""
    return {name: float(f"{value:.8g}") if math.isfinite(value) else None for name, value in losses.items()}
