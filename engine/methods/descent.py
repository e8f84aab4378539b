"""One step of an optimizer down the losses of a batch, which may go through networks in parts, and on several ranks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Sized
from typing import TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer

from engine.ranks.exchange import share_of_batch, sum_over_ranks

Part = TypeVar("Part", bound=Sized)
Losses = dict[str, Tensor]


def descend(
    optimizer: Optimizer,
    parts: Sequence[Part],
    losses_of: Callable[[Part], Losses],
    besides: Mapping[str, Tensor] | None = None,
) -> Losses:
    """Lower the sum of a batch's losses by one step (gradient accumulation over its parts).

    Each part counts by its share of the images, so the step is that of the whole batch at once, wherever the losses
    are means over images that have nothing to do with one another. What is drawn for an image (dropout, latent noise,
    the point at which the gradient penalty is taken) is as random in a part, but another number than in the whole.
    The same holds for the ranks that a batch is divided among, whose gradients and losses are summed.

    Args:
        optimizer: of the weights to change.
        parts: of the batch, or of this rank's share of it, in order; len() is the images in a part.
        losses_of: what is minimised of a part, 0-d each, every part with the same names; it runs the networks. Those
            that are detached are only summed up.
        besides: losses of the weights themselves, counted once.

    Returns:
        Every loss of the whole batch, detached.
    """
    optimizer.zero_grad()
    images, share = sum(map(len, parts)), share_of_batch()
    total: Losses = {}
    for part in parts:
        losses = losses_of(part)
        weight = len(part) / images * share
        if weight != 1:
            losses = {name: loss * weight for name, loss in losses.items()}
        _backward(losses)
        for name, loss in losses.items():
            total[name] = total[name] + loss.detach() if name in total else loss.detach()
    total = sum_over_ranks(_gradients(optimizer), total)
    if besides:
        _backward(besides)
        total |= {name: loss.detach() for name, loss in besides.items()}
    optimizer.step()
    return total


def only(made: Losses, names: Collection[str]) -> Losses:
    """Those of what a step made that are named."""
    return {name: value for name, value in made.items() if name in names}


def _gradients(optimizer: Optimizer) -> list[Tensor]:
    """Those of the weights that the losses depend on."""
    parameters = (parameter for group in optimizer.param_groups for parameter in group["params"])
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def _backward(losses: Mapping[str, Tensor]) -> None:
    torch.autograd.backward([loss for loss in losses.values() if loss.requires_grad])
