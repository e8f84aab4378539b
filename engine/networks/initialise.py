"""The four distributions that a network's first weights are drawn from."""

from __future__ import annotations

from typing import assert_never

import torch
from torch import nn

from engine.config.networks import Init


def initialise(network: nn.Module, init: Init, gain: float, generator: torch.Generator) -> None:
    """Draw every weight of a network anew, as the reference's init_weights does.

    Convolution weights follow `init`; their biases are 0. Batch-normalisation weights follow N(1, gain), their biases
    are 0, their running statistics start over. PyTorch's global random state is neither read nor advanced.

    Args:
        network: on the device of `generator`; changed in place.
        init: "normal" is N(0, gain); "xavier" and "orthogonal" scale theirs by gain; "kaiming" has no free scale.
        gain: the standard deviation or factor above.
        generator: what the weights are drawn from, in the order of network.modules().

    Raises:
        TypeError: the network has a parameter that no rule covers.
    """
    for module in network.modules():
        match module:
            case nn.Conv2d() | nn.ConvTranspose2d():
                _draw(module.weight, init, gain, generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            case nn.BatchNorm2d():
                nn.init.normal_(module.weight, 1.0, gain, generator)
                nn.init.zeros_(module.bias)
                module.reset_running_stats()
            case _ if next(module.parameters(recurse=False), None) is not None:
                raise TypeError(f"no rule initialises the parameters of {type(module).__name__}")


def _draw(weight: torch.Tensor, init: Init, gain: float, generator: torch.Generator) -> None:
    match init:
        case "normal":
            nn.init.normal_(weight, 0.0, gain, generator)
        case "xavier":
            nn.init.xavier_normal_(weight, gain, generator)
        case "kaiming":
            nn.init.kaiming_normal_(weight, a=0, mode="fan_in", generator=generator)
        case "orthogonal":
            nn.init.orthogonal_(weight, gain, generator)
        case _:
            assert_never(init)
