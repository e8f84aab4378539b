"""What is collected while a discriminator judges."""

from __future__ import annotations

import torch
from torch import nn

from engine.networks.verdict import Verdict, joined, judged


def test_features_are_the_maps_after_each_nonlinearity_and_logits_what_comes_last() -> None:
    layers = nn.Sequential(nn.LeakyReLU(0.5), nn.Identity(), nn.LeakyReLU(0.5, inplace=True), nn.Flatten())
    verdict = judged(layers, torch.full((1, 1, 1, 1), -8.0))
    [features] = verdict.features
    assert [layer.item() for layer in features] == [-2.0, -2.0]  # the second works in place on the first
    assert verdict.logits[0].shape == (1, 1)


def test_verdicts_are_joined_in_their_order() -> None:
    one, two, three = torch.ones(1), torch.ones(2), torch.ones(3)
    verdict = joined([Verdict((one,), ((one, two),)), Verdict((two, three), ((), (three,)))])
    assert [len(logits) for logits in verdict.logits] == [1, 2, 3]
    assert [[len(layer) for layer in layers] for layers in verdict.features] == [[1, 2], [], [3]]
