"""Which networks a backward pass is for."""

from __future__ import annotations

from torch import nn


def set_requires_grad(networks: list[nn.Module], wanted: bool) -> None:
    """Whether gradients are computed for the networks' weights."""
    for network in networks:
        for parameter in network.parameters():
            parameter.requires_grad = wanted
