"""What a discriminator says of a batch of images, and how to ask it of layers that follow one another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from torch import Tensor, nn


class Verdict(NamedTuple):
    """Judgements of a batch of images, by every discriminator that there is and at every scale."""

    logits: tuple[Tensor, ...]
    """One tensor each, (N, outputs, h, w): a judgement of each patch; (N, outputs, 1, 1) of a whole image."""
    features: tuple[tuple[Tensor, ...], ...]
    """Of each, its hidden maps after their nonlinearities, first to last."""


def judged(layers: Iterable[nn.Module], images: Tensor) -> Verdict:
    """The verdict of layers in their order; the hidden maps are those after each LeakyReLU."""
    features: list[Tensor] = []
    out = images
    for layer in layers:
        out = layer(out)
        if isinstance(layer, nn.LeakyReLU):
            features.append(out)
    return Verdict((out,), (tuple(features),))


def joined(verdicts: Iterable[Verdict]) -> Verdict:
    """Several verdicts as one, in their order."""
    every = list(verdicts)
    return Verdict(
        logits=tuple(logits for verdict in every for logits in verdict.logits),
        features=tuple(features for verdict in every for features in verdict.features),
    )
