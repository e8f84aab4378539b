"""The gradients of PyTorch's own convolution: what ways to convolve fall back on that cannot differentiate theirs."""

from __future__ import annotations

import torch
from torch import Tensor


def direct_gradients(
    gradient: Tensor, x: Tensor, weight: Tensor, needed: tuple[bool, bool, bool]
) -> tuple[Tensor | None, ...]:
    """Those of a convolution of stride 1 without padding; they can be differentiated any number of times.

    Args:
        gradient: of the result (N, K, H - k + 1, W - k + 1).
        x: its input (N, C, H, W).
        weight: (K, C, k, k).
        needed: whether that of the input is wanted, that of the weights, that of a bias (K).

    Returns:
        The three of them, None in place of what is not wanted.
    """
    found: tuple[Tensor | None, ...] = torch.ops.aten.convolution_backward(
        gradient, x, weight, [len(weight)], [1, 1], [0, 0], [1, 1], False, [0, 0], 1, needed
    )
    return found
