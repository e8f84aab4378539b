"""Every image of a run, decoded and resized once and kept as bytes; batches are cut from them.

Images come from the workers in any order (``keep``) or are read here when they are first seen. One that cannot be used
is not remembered: it is tried again whenever it is wanted, so that a mended file is used, as it is without a cache.

On the host, views are cut by whoever makes batches ready. On a device, that thread only notes what has arrived and what
is to be cut (``Cuts``); the loop's thread has it done, in order and on one stream: none is read before it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from engine.data.byte_images import ByteImages
from engine.data.cache_plan import CachePlan
from engine.data.domains import Problem, read_framed
from engine.data.framed import Want
from engine.data.transforms import Cut, Pixels

ARRIVED_AT_MOST = 64 * 2**20
"""Bytes on their way to a device for which no batch has been made ready yet; room is made for more when one is."""


class Seen(NamedTuple):
    """A part of a kept image, or the same part of both of a pair."""

    kept: Tensor
    """uint8, (k, 3, height, width)."""
    cut: Cut


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """A batch that is still to be cut from what is kept."""

    arrived: Sequence[tuple[Tensor, Tensor]]
    """Where on the device an image belongs, and the image on the host."""
    items: Sequence[Sequence[Seen]]
    crop: int
    problems: tuple[Problem, ...]

    def images(self) -> ByteImages:
        """The batch, where the images are kept. Waits for no device."""
        for kept, image in self.arrived:
            kept.copy_(image, non_blocking=True)
        both = [[image for seen in item for image in self._view(seen)] for item in self.items]
        real_A, real_B = (torch.stack(images) for images in zip(*both, strict=True))
        return ByteImages(real_A, real_B, self.problems)

    def _view(self, seen: Seen) -> Tensor:
        left, top, mirrored = seen.cut
        view = seen.kept[:, :, top : top + self.crop, left : left + self.crop]
        return view.flip(-1) if mirrored else view


class ImageCache:
    """Keeps images, and says how batches are cut from them.

    Args:
        plan: which images, and where.
        pin: put images on their way to the device into page-locked memory.
    """

    def __init__(self, plan: CachePlan, *, pin: bool) -> None:
        self.plan = plan
        self._pin = pin and plan.on_device
        self._room = torch.empty(plan.nbytes, dtype=torch.uint8, device=plan.device)
        self._taken = 0
        self._shelves = tuple(_Shelf(self, number) for number in range(len(plan.images.collections)))
        self._arrived: list[tuple[Tensor, Tensor]] = []
        self._arriving = 0

    @property
    def has_room_to_arrive(self) -> bool:
        """Whether more may be kept before the next batch is made ready."""
        return self._arriving < ARRIVED_AT_MOST

    def has(self, collection: int, index: int) -> bool:
        """Whether an image is kept."""
        return self._shelves[collection].kept[index] is not None

    def keep(self, collection: int, index: int, pixels: Pixels) -> Tensor:
        """Keep an image, (k, 3, height, width); the one that was kept first stays."""
        kept = self._shelves[collection].kept[index]
        if kept is None:
            kept = self._place_for(pixels)
            self._bring(torch.from_numpy(pixels), kept)
            self._shelves[collection].kept[index] = kept
        return kept

    def cuts(self, items: Sequence[Sequence[Want]]) -> Cuts:
        """How a batch is cut from what is kept; what is not kept yet is read here.

        Raises:
            WorkError: no image of a collection can be used.
        """
        problems: list[Problem] = []
        seen = [[self._see(want, problems) for want in item] for item in items]
        arrived, self._arrived, self._arriving = self._arrived, [], 0
        return Cuts(arrived=arrived, items=seen, crop=self.plan.images.framing.crop, problems=tuple(problems))

    def clear(self) -> None:
        """Give the memory back; nothing is kept any more."""
        self._room = self._room.new_empty(0)
        self._taken = 0
        self._arrived, self._arriving = [], 0
        for shelf in self._shelves:
            shelf.kept = [None] * len(shelf)

    def _see(self, want: Want, problems: list[Problem]) -> Seen:
        def frame(kept: Tensor) -> Seen:
            height, width = kept.shape[-2:]
            return Seen(kept, self.plan.images.framing.cut(width, height, want.frame))

        seen, _, passed_over = read_framed(self._shelves[want.collection], want.number, frame)
        problems.extend(passed_over)
        return seen

    def _place_for(self, pixels: Pixels) -> Tensor:
        end = self._taken + pixels.nbytes
        if end > len(self._room):  # a file is larger than it was when all were measured
            return torch.empty(pixels.shape, dtype=torch.uint8, device=self.plan.device)
        place = self._room[self._taken : end].view(pixels.shape)
        self._taken = end
        return place

    def _bring(self, image: Tensor, place: Tensor) -> None:
        if not self.plan.on_device:
            place.copy_(image)
            return
        self._arrived.append((place, image.pin_memory() if self._pin else image))
        self._arriving += image.nbytes


class _Shelf:
    """One collection of a cache: what is not kept is read when it is asked for, and then is."""

    def __init__(self, cache: ImageCache, number: int) -> None:
        self._cache = cache
        self._number = number
        self._collection = cache.plan.images.collections[number]
        self.kept: list[Tensor | None] = [None] * len(self)

    @property
    def name(self) -> str:
        """The collection's."""
        return self._collection.name

    def __len__(self) -> int:
        return len(self._collection)

    def read(self, index: int) -> Tensor:
        """One image where it is kept. Raises UnreadableImageError, UnfitImageError."""
        kept = self.kept[index]
        return self._cache.keep(self._number, index, self._collection.read(index)) if kept is None else kept

    def describe(self, index: int) -> str:
        """The collection's."""
        return self._collection.describe(index)
