"""A history of generated images, which a discriminator is shown half of the time instead of the newest ones."""

from __future__ import annotations

from random import Random

import torch
from torch import Tensor

from engine.errors import RequestError


class ImagePool:
    """Up to `size` earlier images (Shrivastava et al. 2017, section 2.3; CycleGAN, section 4).

    Until it is full it keeps and returns what it is given. Then, image by image, one uniform draw: above 0.5 a second
    draw picks the kept image that is returned and replaced; otherwise the image itself is returned and forgotten. The
    order of the draws is the reference implementation's.

    The decisions are drawn on the host and the images stay where they are, so a query never waits for the device.

    Args:
        size: images to keep; 0 returns every image as it is and draws nothing.
        rng: where the decisions come from. Several pools may share it; whoever made it saves and restores its state.
    """

    def __init__(self, size: int, rng: Random) -> None:
        self.size = size
        self._rng = rng
        self._count = 0
        self._kept: Tensor | None = None

    def query(self, images: Tensor) -> Tensor:
        """(N, C, H, W) newest images -> as many, some of them older. Detached; every query has the same C, H, W."""
        images = images.detach()
        if self.size == 0:
            return images
        kept = self._storage_for(images)
        chosen = images.clone()
        for position, image in enumerate(images):
            if self._count < self.size:
                kept[self._count].copy_(image)
                self._count += 1
            elif self._rng.uniform(0, 1) > 0.5:
                slot = self._rng.randint(0, self.size - 1)
                chosen[position].copy_(kept[slot])
                kept[slot].copy_(image)
        return chosen

    def _storage_for(self, images: Tensor) -> Tensor:
        if self._kept is None:
            self._kept = images.new_zeros((self.size, *images.shape[1:]))
        return self._kept

    def state_dict(self) -> dict[str, Tensor]:
        """{"images": (count, C, H, W)}, a copy in slot order; (0,) when there are none. The rng is not part of it."""
        if self._kept is None:
            return {"images": torch.empty(0)}
        return {"images": self._kept[: self._count].clone()}

    def load_state_dict(self, state: dict[str, Tensor], device: torch.device) -> None:
        """Take over a saved history, on the device that coming queries are on.

        Raises:
            RequestError: it holds more images than this pool may keep.
        """
        images = state["images"]
        if len(images) > self.size:
            raise RequestError(
                "optim.pool", f"{self.size} is less than the {len(images)} images saved", "Give at least as many."
            )
        self._count = len(images)
        self._kept = None
        if self._count:
            images = images.to(device)
            self._storage_for(images)[: self._count].copy_(images)
