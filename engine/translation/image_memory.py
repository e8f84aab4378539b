"""How large a piece of an image may be for the memory that is free."""

from __future__ import annotations

from collections.abc import Callable

import torch

from engine.config.geometry import nearest_side
from engine.config.methods import TrainConfig
from engine.data.free_memory import free_memory
from engine.memory import need_to_translate

SIDES = (8192, 4096, 2048, 1024, 512, 256)
"""Sides in pixels from which that of a piece is chosen: few, so that it depends little on what is free today."""
SHARE = 0.6
"""Of the free memory, what is counted on: operations take some for themselves (docs/translating.md)."""
_BESIDE = 48
"""Bytes that a pixel takes beside the networks: as floats on its way in and out, and as bytes."""
_MEASURED = 512
"""Pixels of the side at which the need is told; it grows with the number of pixels."""


class ImageMemory:
    """The memory for images on their way through the networks of a run.

    Args:
        config: the run's.
        device: where they are.
        free: tells how many bytes are free there.
    """

    def __init__(
        self, config: TrainConfig, device: torch.device, free: Callable[[torch.device], int] = free_memory
    ) -> None:
        self._free = free
        self._generator = config.generator
        self._device = device
        side = nearest_side(config.generator, _MEASURED)
        self._of_a_pixel = need_to_translate(config, side) / side**2 + _BESIDE

    def need(self, pixels: int) -> float:
        """Bytes that so many pixels take together."""
        return pixels * self._of_a_pixel

    def holds(self, pixels: int) -> bool:
        """Whether so many pixels can go through the networks at once."""
        return self.need(pixels) <= SHARE * self._free(self._device)

    def smaller(self, height: int, width: int, overlap: int | None) -> list[int]:
        """The sides of pieces of an image that is too large, the largest first.

        Args:
            height: the image's, in pixels.
            width: likewise.
            overlap: pixels that pieces have to share, where that is given: no more than half of each.
        """
        sides = {nearest_side(self._generator, side) for side in SIDES}
        fitting = [side for side in sides if 2 * (overlap or 0) <= side < max(height, width)]
        return sorted(fitting, reverse=True)
