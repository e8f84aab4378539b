"""Loss weights: the controls of a run's [loss] section, as tensors on the device so that a nudge recompiles nothing."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.config.controls import controls_of
from engine.config.methods import TrainConfig
from engine.errors import RequestError

_PREFIX = "loss."


class LossWeights:
    """One weight for each live key of [loss] that is part of the run (config.techniques).

    Args:
        config: the run's preset, which gives their first values.
        device: where the losses are.
        dtype: theirs.
    """

    def __init__(self, config: TrainConfig, device: torch.device, dtype: torch.dtype) -> None:
        self._method = config.method.__struct_config__.tag
        self.values = {
            control.name.removeprefix(_PREFIX): control.default
            for control in controls_of(config)
            if control.name.startswith(_PREFIX)
        }
        """On the host."""
        self._tensors = {name: torch.tensor(value, dtype=dtype, device=device) for name, value in self.values.items()}

    def __getitem__(self, name: str) -> Tensor:
        """A weight by its key within [loss], 0-d."""
        return self._tensors[name]

    def __contains__(self, name: object) -> bool:
        """Whether a term is part of the run."""
        return name in self.values

    def terms(self, names: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """The loss components of the techniques that are part of the run.

        Args:
            names: key within [loss] -> the components that it weighs.
        """
        return tuple(name for key, components in names.items() if key in self for name in components)

    def wanted(self, name: str) -> bool:
        """Whether a term is part of the run and its weight is not 0 just now."""
        return self.values.get(name, 0.0) > 0

    def set(self, control: str, value: float) -> None:
        """Set the weight of a control such as "loss.identity" from the next step on.

        Raises:
            RequestError: the method has no such loss weight.
        """
        name = control.removeprefix(_PREFIX)
        if not control.startswith(_PREFIX) or name not in self.values:
            known = ", ".join(_PREFIX + known for known in self.values)
            raise RequestError(control, f"is not a loss weight of this {self._method} run", f"There are {known}.")
        self.values[name] = value
        self._tensors[name].fill_(value)
