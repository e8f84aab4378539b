"""Bytes to what networks compute with, and back: the one place where the range of a pixel changes."""

from __future__ import annotations

import torch
from torch import Tensor


def to_unit_range(pixels: Tensor, device: torch.device | None = None) -> Tensor:
    """uint8 in 0..255 to float32 in -1..1, same shape, on the device; rounded as the reference's transforms round.

    The bytes are moved first: a quarter of the traffic, and asynchronous where they are pinned.
    """
    moved = pixels.to(device=device, non_blocking=True)
    return moved.to(torch.float32).div_(255).sub_(0.5).div_(0.5)


def to_bytes(images: Tensor) -> Tensor:
    """Floats in -1..1 to uint8 in 0..255, same shape and device; values beyond the range are clipped."""
    return images.detach().to(torch.float32).add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
