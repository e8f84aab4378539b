"""What a training step is given: batches of images on the training device."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class UnpairedBatch:
    """As many images of each domain, without correspondence between them.

    Args:
        real_A: (N, 3, H, W), float in [-1, 1], on the training device.
        real_B: likewise, of the same shape.
    """

    real_A: Tensor
    real_B: Tensor

    def __len__(self) -> int:
        """Images of each domain."""
        return self.real_A.shape[0]
