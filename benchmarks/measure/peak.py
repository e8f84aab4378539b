"""How many operations a second a machine can do at most, as far as PyTorch gets there."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F

from engine.methods.precision import Precision

from .timing import duration

REPETITIONS, PATIENCE = 15, 0.5
"""How often the work is repeated at most, and the seconds after which that is given up; three times always."""


def peak_flops(device: torch.device, precision: Precision) -> float:
    """Floating-point operations a second of the better of a large matrix product and a large convolution, at its best.

    TF32 itself is the caller's to switch on or off (engine.device.set_precision). bf16 is bfloat16 throughout, without
    the casts of autocast.
    """
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    matmul, matmul_flops = _matmul(device, dtype)
    convolution, convolution_flops = _convolution(device, dtype)
    return max(_best(matmul, device, matmul_flops), _best(convolution, device, convolution_flops))


def _matmul(device: torch.device, dtype: torch.dtype) -> tuple[Callable[[], object], float]:
    side = 8192 if device.type == "cuda" else 1024
    left, right = (torch.rand(side, side, device=device).to(dtype) for _ in range(2))
    return lambda: left @ right, 2.0 * side**3


def _convolution(device: torch.device, dtype: torch.dtype) -> tuple[Callable[[], object], float]:
    """A residual block's, of many images."""
    images, side = (32, 64) if device.type == "cuda" else (2, 32)
    channels = 256
    x = torch.rand(images, channels, side, side, device=device).to(dtype, memory_format=torch.channels_last)
    weight = torch.rand(channels, channels, 3, 3, device=device).to(dtype, memory_format=torch.channels_last)
    return lambda: F.conv2d(x, weight, padding=1), 2.0 * images * side**2 * channels**2 * 9


def _best(work: Callable[[], object], device: torch.device, flops: float) -> float:
    taken: list[float] = []
    with torch.no_grad():
        work()
        while len(taken) < 3 or (len(taken) < REPETITIONS and sum(taken) < PATIENCE):
            taken.append(duration(work, device).wall)
    return flops / min(taken)
