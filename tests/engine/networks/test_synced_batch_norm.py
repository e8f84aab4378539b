"""Batch normalisation in one process, and its replacement in networks; tests/engine/ranks has what ranks make of it."""

from __future__ import annotations

import torch
from torch import nn

from engine.networks.blocks import UnetLevel
from engine.networks.synced_batch_norm import SyncedBatchNorm2d, synchronise


def network() -> nn.Module:
    torch.manual_seed(0)
    inner = UnetLevel(8, 8, None, "batch")
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), UnetLevel(8, 8, inner, "batch"))


def test_every_layer_is_replaced_and_stays_what_it_was() -> None:
    plain, synced = network(), network()
    parameters = list(synced.parameters())
    synchronise([synced])
    assert not any(type(module) is nn.BatchNorm2d for module in synced.modules())
    assert sum(isinstance(module, SyncedBatchNorm2d) for module in synced.modules()) == 4
    assert list(synced.state_dict()) == list(plain.state_dict())
    assert all(after is before for after, before in zip(synced.parameters(), parameters, strict=True)), (
        "optimizers hold them"
    )


def test_outside_of_a_step_it_is_pytorch_s() -> None:
    plain, synced = network(), network()
    synchronise([synced])
    images = torch.randn(2, 3, 18, 18)
    for training in (True, False):
        plain.train(training)
        synced.train(training)
        assert torch.equal(plain(images), synced(images))
    for mine, theirs in zip(synced.buffers(), plain.buffers(), strict=True):
        assert torch.equal(mine, theirs)
