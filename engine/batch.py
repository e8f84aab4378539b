"""What a training step is given: batches of images on the training device."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class ImageBatch:
    """As many images of each domain; whether they correspond depends on where they come from.

    Args:
        real_A: (N, 3, H, W), float in [-1, 1], on the training device.
        real_B: likewise, of the same shape.
        label_A: (N,), int64: the class of each image; None where the data have none.
        label_B: likewise.
    """

    real_A: Tensor
    real_B: Tensor
    label_A: Tensor | None = None
    label_B: Tensor | None = None

    def __len__(self) -> int:
        """Images of each domain."""
        return self.real_A.shape[0]

    def parts(self, number: int) -> list[ImageBatch]:
        """The batch in that many parts, as equal as can be; fewer where it has fewer images."""
        number = min(number, len(self))
        if number == 1:
            return [self]
        images = zip(self.real_A.tensor_split(number), self.real_B.tensor_split(number), strict=True)
        labels = zip(_split(self.label_A, number), _split(self.label_B, number), strict=True)
        return [
            ImageBatch(real_A=real_A, real_B=real_B, label_A=label_A, label_B=label_B)
            for (real_A, real_B), (label_A, label_B) in zip(images, labels, strict=True)
        ]


def _split(labels: Tensor | None, number: int) -> list[Tensor | None]:
    return [None] * number if labels is None else list(labels.tensor_split(number))
