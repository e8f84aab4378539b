"""The history of generated images as junyanz's CycleGAN keeps it."""

from __future__ import annotations

from random import Random

import torch
from torch import Tensor


class ImagePool:
    """Keeps images in a list and shows the newest or, half of the time, an older one in exchange."""

    def __init__(self, pool_size: int, rng: Random) -> None:
        self.pool_size = pool_size
        self.rng = rng
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        """As many images, (N, C, H, W)."""
        if self.pool_size == 0:
            return images
        shown = []
        for one in images.detach():
            image = one.unsqueeze(0)
            if len(self.images) < self.pool_size:
                self.images.append(image)
                shown.append(image)
            elif self.rng.uniform(0, 1) > 0.5:
                slot = self.rng.randint(0, self.pool_size - 1)
                shown.append(self.images[slot].clone())
                self.images[slot] = image
            else:
                shown.append(image)
        return torch.cat(shown, 0)
