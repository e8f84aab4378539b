"""Builds the method that a preset names."""

from __future__ import annotations

from typing import assert_never

import torch

from engine.config.methods import AeGanConfig, CycleGanConfig, DiscoGanConfig, DtnConfig, Pix2PixConfig, TrainConfig
from engine.methods.aegan import AeGan
from engine.methods.cyclegan import CycleGan
from engine.methods.discogan import DiscoGan
from engine.methods.dtn import Dtn
from engine.methods.method import Method
from engine.methods.pix2pix import Pix2Pix


def build_method(config: TrainConfig, device: torch.device) -> Method:
    """The preset's method, with its first weights drawn from run.seed.

    Raises:
        RequestError: the device does not have the precision that is asked for.
    """
    match config:
        case CycleGanConfig():
            return CycleGan(config, device, config.run.seed)
        case Pix2PixConfig():
            return Pix2Pix(config, device, config.run.seed)
        case DiscoGanConfig():
            return DiscoGan(config, device, config.run.seed)
        case AeGanConfig():
            return AeGan(config, device, config.run.seed)
        case DtnConfig():
            return Dtn(config, device, config.run.seed)
        case _:
            assert_never(config)
