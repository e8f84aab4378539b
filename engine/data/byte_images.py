"""Images of both domains as tensors of bytes, and their way to the training device."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from engine.batch import ImageBatch
from engine.data.domains import Problem
from engine.data.epochs import Labels, Loaded
from engine.data.pixels import to_unit_range


class ByteImages(NamedTuple):
    """As many images of each domain, with their labels where the data have any; on the CPU, or where they were kept."""

    real_A: Tensor
    """uint8, (N, 3, crop, crop)."""
    real_B: Tensor
    """uint8, (N, 3, crop, crop); whether item k has to do with item k of real_A depends on where they come from."""
    problems: tuple[Problem, ...]
    """Images passed over."""
    label_A: Tensor | None = None
    """int64, (N,)."""
    label_B: Tensor | None = None

    @classmethod
    def of(cls, loaded: Loaded) -> ByteImages:
        """The same images as tensors."""

        def labels(of_domain: Labels | None) -> Tensor | None:
            return None if of_domain is None else torch.from_numpy(of_domain)

        return cls(
            torch.from_numpy(loaded.real_A),
            torch.from_numpy(loaded.real_B),
            loaded.problems,
            labels(loaded.label_A),
            labels(loaded.label_B),
        )

    def pinned(self) -> ByteImages:
        """The same in page-locked memory, from which they travel to a CUDA device while the host goes on."""
        return ByteImages(
            self.real_A.pin_memory(),
            self.real_B.pin_memory(),
            self.problems,
            None if self.label_A is None else self.label_A.pin_memory(),
            None if self.label_B is None else self.label_B.pin_memory(),
        )

    def on(self, device: torch.device) -> ImageBatch:
        """What a method's step and sample take: images on the training device, in -1..1, and their labels.

        Never waits for the device, where those that are not there yet are pinned.
        """
        return ImageBatch(
            real_A=to_unit_range(self.real_A, device),
            real_B=to_unit_range(self.real_B, device),
            label_A=None if self.label_A is None else self.label_A.to(device, non_blocking=True),
            label_B=None if self.label_B is None else self.label_B.to(device, non_blocking=True),
        )
