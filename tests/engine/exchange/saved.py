"""Runs with a checkpoint to export, of every method; and files as the reference implementation writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from engine.config.networks import DiscriminatorConfig, TranslatingGenerator
from engine.networks.discriminators import build_discriminator
from engine.networks.generators import build_generator
from engine.protocol.rundir import RunDirectory
from tests.engine.train.here import train_here
from tests.runs import TINY_OF, make_run

LIVELY = "generator.init=kaiming"
"""First weights with which an image is told from another by what becomes of it."""
STEPS = {"dtn": 6}
"""Of a short run; DTN's first train f."""


def saved_run(folder: Path, kind: str, *settings: str) -> RunDirectory:
    """A run of a few steps with one checkpoint, at its end."""
    settings = (LIVELY, f"run.steps={STEPS.get(kind, 2)}", *settings)
    assert kind in TINY_OF
    run = make_run(folder, *settings, name=kind, kind=kind)
    train_here(run)
    return run


def generator_state(config: TranslatingGenerator) -> dict[str, Tensor]:
    """Weights of a generator."""
    torch.manual_seed(0)
    return build_generator(config, 3, 3).state_dict()


def discriminator_state(config: DiscriminatorConfig, channels: int = 3) -> dict[str, Tensor]:
    """Weights of a discriminator."""
    torch.manual_seed(0)
    return build_discriminator(config, channels).state_dict()


def write_pth(path: Path, state: Mapping[str, object]) -> Path:
    """A file as torch.save writes it today."""
    torch.save(state, path)
    return path
