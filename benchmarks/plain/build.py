"""Builds the plain trainer of a preset's method, and lets it start from the engine's weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, assert_never

import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.methods import AeGanConfig, CycleGanConfig, DiscoGanConfig, DtnConfig, Pix2PixConfig, TrainConfig

from .aegan import PlainAeGan
from .cyclegan import PlainCycleGan
from .discogan import PlainDiscoGan
from .dtn import PlainDtn
from .pix2pix import PlainPix2Pix


class PlainTrainer(Protocol):
    """One system: its networks, and a step that changes them."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """By the names that the engine's method has for them."""

    @property
    def cycle(self) -> int:
        """After how many steps the players' turns come round again."""

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Train on a batch; its losses, detached, by the names that the engine's method has for them."""


def build_plain(config: TrainConfig, device: torch.device) -> PlainTrainer:
    """The plain trainer of a preset with published settings, on a device, with weights of PyTorch's choice."""
    with device:
        match config:
            case CycleGanConfig():
                return PlainCycleGan(config)
            case Pix2PixConfig():
                return PlainPix2Pix(config)
            case DiscoGanConfig():
                return PlainDiscoGan(config)
            case DtnConfig():
                return PlainDtn(config)
            case AeGanConfig():
                return PlainAeGan(config)
            case _:
                assert_never(config)


def take_weights(trainer: PlainTrainer, networks: Mapping[str, nn.Module]) -> None:
    """Copy the weights of a method's networks.

    What the trainer has no layer for is left: the head of DTN's f, which rests, and moving averages.
    """
    for name, network in trainer.networks.items():
        theirs = networks[name].state_dict()
        network.load_state_dict({key: theirs[key] for key in network.state_dict()})
