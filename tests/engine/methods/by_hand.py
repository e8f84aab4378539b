"""Losses worked out from a method's own networks, to be compared with those that its step reports.

Such a step is taken at rates of 0, so that networks are afterwards what they were in it. What is drawn at random is
drawn again in the step's order, once the global random state is seeded likewise.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from engine.losses import gradient_penalty
from engine.methods.method import Method
from engine.networks.verdict import Verdict
from tests.engine.methods.stepping import batch, changed, parameters


@torch.no_grad()
def made_of(network: nn.Module, images: Tensor) -> Tensor:
    """What a generator makes of images, or an encoder, or a decoder of what that has made."""
    out: Tensor = network(images)
    return out


@torch.no_grad()
def logits_of(discriminator: nn.Module, images: Tensor) -> Tensor:
    """The judgement of a lone discriminator."""
    verdict: Verdict = discriminator(images)
    [logits] = verdict.logits
    return logits


@torch.no_grad()
def matched(discriminator: nn.Module, fake: Tensor, real: Tensor) -> Tensor:
    """Feature matching: over the hidden layers, the sum of mean((batch mean of real - batch mean of fake)^2)."""
    [of_fake], [of_real] = discriminator(fake).features, discriminator(real).features
    distances = [(r.mean(0) - f.mean(0)).square().mean() for f, r in zip(of_fake, of_real, strict=True)]
    assert len(distances) > 0
    return torch.stack(distances).sum()


def penalty(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """WGAN-GP's, at the points that the global random state says next."""
    alpha = torch.rand(len(real), 1, 1, 1, dtype=real.dtype)
    return gradient_penalty(lambda images: discriminator(images).logits, real, fake, alpha).detach()


def check_losses(reported: Mapping[str, Tensor], by_hand: Mapping[str, Tensor]) -> None:
    """Every component, under its name and with its weight; none of them 0, which would hide a sign or a factor."""
    assert {name: loss.item() for name, loss in reported.items()} == pytest.approx(
        {name: loss.item() for name, loss in by_hand.items()}, rel=1e-9
    )
    assert 0 not in reported.values()


def check_historical(
    method: Method, weight: float, players: Mapping[str, tuple[str, ...]], *, steps: int = 5, side: int = 16
) -> None:
    """The historical terms: weight * |now - mean of what the weights have been|^2, over all networks of a player.

    Args:
        method: at its start.
        weight: loss.historical.
        players: by component, the names of a player's networks.
        steps: of training, in which each player has moved.
        side: of the images, in pixels.
    """
    by_hand: dict[str, float] = {}
    past = {component: [parameters(method, networks)] for component, networks in players.items()}
    for step in range(steps):
        by_hand = {component: weight * _apart(weights) for component, weights in past.items()}
        losses = method.step(batch(step, side=side))
        assert {component: losses[component].item() for component in players} == pytest.approx(by_hand, rel=1e-6)
        for component, networks in players.items():
            now = parameters(method, networks)
            if changed(past[component][-1], now):
                past[component].append(now)
    assert min(by_hand.values()) > 0


def _apart(past: list[dict[str, Tensor]]) -> float:
    """The square of the distance between the last weights and the mean of all."""
    means = {key: torch.stack([weights[key] for weights in past]).mean(0) for key in past[-1]}
    return sum((value - means[key]).square().sum().item() for key, value in past[-1].items())
