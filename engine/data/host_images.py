"""Images of both domains as tensors on the CPU, and their way to the training device."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.batch import ImageBatch
from engine.data.domains import Problem
from engine.data.epochs import Loaded
from engine.data.pixels import to_unit_range


class HostImages(NamedTuple):
    """As many images of each domain, with their labels where the data have any."""

    real_A: Tensor
    """uint8, (N, 3, crop, crop)."""
    real_B: Tensor
    """uint8, (N, 3, crop, crop); whether item k has to do with item k of real_A depends on where they come from."""
    problems: tuple[Problem, ...]
    """Images passed over."""
    label_A: Tensor | None
    """int64, (N,)."""
    label_B: Tensor | None

    @classmethod
    def of(cls, loaded: Loaded, *, pin: bool = False) -> HostImages:
        """The same images as tensors; in page-locked memory if asked for."""

        def tensor(array: NDArray[Any]) -> Tensor:
            found = torch.from_numpy(array)
            return found.pin_memory() if pin else found

        return cls(
            tensor(loaded.real_A),
            tensor(loaded.real_B),
            loaded.problems,
            None if loaded.label_A is None else tensor(loaded.label_A),
            None if loaded.label_B is None else tensor(loaded.label_B),
        )

    def on(self, device: torch.device) -> ImageBatch:
        """What a method's step and sample take: images on the training device, in -1..1, and their labels."""
        return ImageBatch(
            real_A=to_unit_range(self.real_A, device),
            real_B=to_unit_range(self.real_B, device),
            label_A=None if self.label_A is None else self.label_A.to(device, non_blocking=True),
            label_B=None if self.label_B is None else self.label_B.to(device, non_blocking=True),
        )
