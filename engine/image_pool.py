"""A history of generated images, which a discriminator is shown half of the time instead of the newest ones."""

from __future__ import annotations

from random import Random

import torch
from torch import Tensor

from engine.errors import RequestError
from engine.ranks.exchange import items_of_batch, of_whole_batch, own_of_batch


class ImagePool:
    """Up to `size` earlier images (Shrivastava et al. 2017, section 2.3; CycleGAN, section 4).

    Until it is full it keeps and returns what it is given. Then, image by image, one uniform draw: above 0.5 a second
    draw picks the kept image that is returned and replaced; otherwise the image itself is returned and forgotten. The
    order of the draws is the reference implementation's.

    Decisions are drawn on the host and images stay on the device, so nobody waits. Drawing (`decide`) and showing
    (`query`) are two, so that the latter is the same work on the device at every step: what it does to which image
    comes from tensors, and a recording of it can be replayed.

    Args:
        size: images to keep; 0 returns every image as it is and draws nothing.
        rng: where the decisions come from. Several pools may share it; whoever made it saves and restores its state.
        device: where the images are.
    """

    def __init__(self, size: int, rng: Random, device: torch.device) -> None:
        self.size = size
        self._rng = rng
        self._device = device
        self._count = 0
        self._kept: Tensor | None = None
        self._decisions: dict[int, Tensor] = {}
        """Images in a query -> (3, N) int64: see _decide_on_host."""
        self._decided = torch.empty(3, 0, dtype=torch.int64)

    def decide(self, number: int) -> None:
        """Draw what the next query, of so many images, will do with each; one query follows."""
        if self.size == 0:
            return
        number = items_of_batch(number)
        on_cuda = self._device.type == "cuda"  # where a copy from memory that is not page-locked may wait
        rows = torch.tensor(list(zip(*self._decide_on_host(number), strict=True)), pin_memory=on_cuda)
        if number not in self._decisions:
            self._decisions[number] = torch.empty(3, number, dtype=torch.int64, device=self._device)
        self._decided = self._decisions[number].copy_(rows, non_blocking=True)

    def query(self, images: Tensor) -> Tensor:
        """(N, C, H, W) newest images -> as many, some of them older. Detached; every query has the same C, H, W."""
        images = images.detach()
        if self.size == 0:
            return images
        own, images = images, of_whole_batch(images)
        kept = self._storage_for(images)
        older, newer, place = self._decided.unbind()
        is_older = (older < self.size).view(-1, *[1] * (images.dim() - 1))
        shown = torch.where(is_older, kept.index_select(0, older), images.index_select(0, newer))
        kept.index_copy_(0, place, images)
        return own_of_batch(shown, own)

    def _decide_on_host(self, number: int) -> list[tuple[int, int, int]]:
        """For each image of a query: the slot whose image is shown instead, the image of the query, its own new slot.

        The slot `size` is none. An image may be shown for a later one of the same query: then it is named by its
        place there. Of several that would come to one slot only the last does, as each slot is written once.
        """
        holds: dict[int, int] = {}  # what this query has put into slots so far, by its place in it
        shown: list[tuple[int, int]] = []
        for position in range(number):
            if self._count < self.size:
                shown.append((self.size, position))
                holds[self._count] = position
                self._count += 1
            elif self._rng.uniform(0, 1) > 0.5:
                slot = self._rng.randint(0, self.size - 1)
                shown.append((self.size, holds[slot]) if slot in holds else (slot, position))
                holds[slot] = position
            else:
                shown.append((self.size, position))
        places = {position: slot for slot, position in holds.items()}
        return [(*look, places.get(position, self.size)) for position, look in enumerate(shown)]

    def _storage_for(self, images: Tensor) -> Tensor:
        """(size + 1, C, H, W): a place for each image, and one for those that are forgotten."""
        if self._kept is None:
            self._kept = images.new_zeros((self.size + 1, *images.shape[1:]))
        return self._kept

    def state_dict(self) -> dict[str, Tensor]:
        """{"images": (count, C, H, W)}, a copy in slot order; (0,) when there are none. The rng is not part of it."""
        if self._kept is None:
            return {"images": torch.empty(0)}
        return {"images": self._kept[: self._count].clone()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take over a saved history.

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
            images = images.to(self._device)
            self._storage_for(images)[: self._count].copy_(images)
