"""Means of the loss components: summed on the device, and sent to the host when they are drained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.device import widest_float
from engine.transfers import Send, Transfer


@dataclass(frozen=True, kw_only=True)
class Drained:
    """The losses of an interval, taken off the meters and perhaps still on their way to the host."""

    components: tuple[str, ...]
    steps: tuple[int, ...]
    """Over how many the sum of each goes."""
    sums: Transfer

    @property
    def done(self) -> bool:
        """Whether the means are known. Never waits."""
        return self.sums.done

    def means(self) -> dict[str, float]:
        """The mean of each component over the steps that computed it; waits for the device where they are not done.

        One that none of them computed is left out.
        """
        sums = zip(self.components, self.sums.wait().tolist(), self.steps, strict=True)
        return {name: total / steps for name, total, steps in sums if steps}


class Meters:
    """Sums losses step by step without waiting for the device: over a log interval, and over an epoch.

    Args:
        components: the names that a step's losses may have, in the order of the means.
        device: where they are summed.
    """

    def __init__(self, components: tuple[str, ...], device: torch.device) -> None:
        self._components = components
        self._wide = widest_float(device)
        self._nothing = torch.zeros((), device=device)
        """Stands for a component that a step did not compute."""
        self._interval = _Sums(components, torch.zeros(len(components), dtype=self._wide, device=device))
        self._epoch = _Sums(components, torch.zeros(len(components), dtype=self._wide, device=device))

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Take in one step's losses, detached 0-d tensors on the device."""
        values = torch.stack([losses.get(name, self._nothing) for name in self._components]).to(self._wide)
        computed = [name in losses for name in self._components]
        self._interval.add(values, computed)
        self._epoch.add(values, computed)

    @property
    def pending(self) -> bool:
        """Whether steps were added since the last drain."""
        return any(self._interval.steps)

    def drain(self, send: Send) -> Drained:
        """Begin a new interval, and send off what the one before came to. Never waits for the device."""
        return self._interval.drain(send)

    def drain_epoch(self, send: Send, objective: tuple[str, ...]) -> float | None:
        """Begin a new epoch, and wait for what the one before came to.

        Returns:
            The sum of the named components' means; None where not all of them were computed.
        """
        means = self._epoch.drain(send).means()
        return math.fsum(means[name] for name in objective) if means.keys() >= set(objective) else None

    def forget_epoch(self) -> None:
        """Begin a new epoch, where nobody asks for what the one before came to. Never waits for the device."""
        self._epoch.clear()

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps, so that a line of metrics after a resume is what it would have been."""
        return {
            "components": list(self._components),
            "interval": self._interval.total, "interval_steps": list(self._interval.steps),
            "epoch": self._epoch.total, "epoch_steps": list(self._epoch.steps),
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; a branch that has other components begins theirs at 0."""
        saved = list(state.get("components", self._components))
        self._interval.take_up(saved, state["interval"], state["interval_steps"])
        self._epoch.take_up(saved, state["epoch"], state["epoch_steps"])


class _Sums:
    """The sum of each component, and over how many steps it goes: the former on the device, the latter on the host."""

    def __init__(self, components: tuple[str, ...], total: Tensor) -> None:
        self._components = components
        self.total = total
        self.steps = [0] * len(components)

    def add(self, values: Tensor, computed: Sequence[bool]) -> None:
        self.total += values
        for place, is_there in enumerate(computed):
            self.steps[place] += is_there

    def drain(self, send: Send) -> Drained:
        drained = Drained(components=self._components, steps=tuple(self.steps), sums=send(self.total))
        self.clear()
        return drained

    def clear(self) -> None:
        self.total.zero_()
        self.steps = [0] * len(self._components)

    def take_up(self, components: Sequence[str], total: Tensor, steps: Sequence[int] | int) -> None:
        """Of older checkpoints the steps are one number for all: every step computed each component."""
        each = [steps] * len(components) if isinstance(steps, int) else steps
        for place, name in enumerate(self._components):
            known = name in components
            self.total[place] = total[components.index(name)] if known else 0.0
            self.steps[place] = each[components.index(name)] if known else 0


def recordable(losses: Mapping[str, float]) -> dict[str, float | None]:
    """Losses as the record takes them: 8 significant digits, and None where not finite."""
    return {name: float(f"{value:.8g}") if math.isfinite(value) else None for name, value in losses.items()}
