"""The state of Python's random.Random as a tensor, so that it is saved beside other tensors."""

from __future__ import annotations

from random import Random

import torch
from torch import Tensor

_VERSION = 3


def random_to_tensor(rng: Random) -> Tensor:
    """(625,) int64: the Mersenne Twister's words and its position. A half-used pair of gauss() draws is not kept."""
    version, words, _ = rng.getstate()
    assert version == _VERSION
    return torch.tensor(words, dtype=torch.int64)


def random_from_tensor(rng: Random, state: Tensor) -> None:
    """Put a generator back into a saved state."""
    rng.setstate((_VERSION, tuple(state.tolist()), None))
