"""Toy runs with one fault each: settings that make it, or a generator that draws what it says."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from engine.train.session import Session

WATCHFUL = (
    "log.every=1", "sample.every=4", "sample.count=3", "run.steps=24",
    "sentinel.d_saturated.steps=12", "sentinel.imbalance.steps=20", "sentinel.imbalance.behind=0.005",
    "sentinel.collapse.steps=8", "sentinel.identity.steps=8", "sentinel.inversion.steps=8",
    "sentinel.spike.lines=10", "sentinel.stall.steps=20",
)  # fmt: skip
"""A run of a second or two, in which sentinels lose their patience; those of shipped runs have thousands of steps."""

SMALL = ("data.resize=18", "data.crop=16")
"""Images as small as a CycleGAN of two halvings takes them."""


def redraw(session: Session, name: str, draw: Callable[[Tensor], Tensor]) -> None:
    """Let a network return what a function makes of its input; it has a gradient, of 0."""
    network = session.method.networks[name]
    weight = next(network.parameters())
    network.forward = lambda images: draw(images) + 0 * weight.sum()  # type: ignore[method-assign]


def same(images: Tensor) -> Tensor:
    """The input."""
    return images


def negative(images: Tensor) -> Tensor:
    """The input's negative."""
    return -images


def one_picture(images: Tensor) -> Tensor:
    """A picture that has nothing of the input."""
    return torch.linspace(-0.9, 0.9, images.shape[-1], dtype=images.dtype).expand_as(images)


def blind(network: nn.Module) -> None:
    """Make all weights 0: whatever the input, the output is the last bias, and no other weight ever has a gradient."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()


def blow_up(network: nn.Module) -> None:
    """Make a network's weights many times as large."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(30)
