"""Whole training steps of pix2pix: every loss of every step, and weights and running statistics after the last.

The reference reports what its discriminator makes of real and of generated pairs before it halves the sum of the two.
Ours are the halves, as they enter the objective, and are doubled here.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import nn

from engine.config.losses import Pix2PixLoss
from engine.config.methods import Pix2PixConfig
from engine.config.networks import PatchDiscriminator, UnetGenerator
from engine.config.schema import PoolingOptim, RunConfig
from engine.methods.pix2pix import Pix2Pix
from tests.reference import training, vectors

NAMES = vectors.cases("train_step", "pix2pix")


@pytest.mark.parametrize("name", NAMES)
def test_losses_and_weights_in_float64(name: str) -> None:
    case = vectors.CASES[name]
    method = training.started(made, case, torch.float64)
    losses = training.take_every_step(method, case)
    training.compare_losses(doubled(losses), case["losses_f64"], training.LOSSES_F64)
    training.compare_state_after(method, case)
    # What is compared has statistics, of one pass a step in the generator and of three in the discriminator.
    passes = {name: passes_averaged(network) for name, network in method.networks.items()}
    assert passes == {"G": {case["steps"]}, "D": {3 * case["steps"]}}


@pytest.mark.parametrize("name", NAMES)
def test_losses_in_float32(name: str) -> None:
    case = vectors.CASES[name]
    losses = training.take_every_step_rounded(made, case)
    training.compare_losses(doubled(losses), case["losses_f64"], vectors.TOLERANCES["losses_f32"])


@pytest.mark.parametrize("name", [name for name in NAMES if vectors.CASES[name]["steps"] == 1])
def test_one_step_in_float32(name: str) -> None:
    """The weights move as they do in float64, but for the few whose gradient is zero within rounding."""
    shares = training.share_apart_after_one_step(made, vectors.CASES[name])
    assert {network: share for network, share in shares.items() if share >= 0.01} == {}


def doubled(steps: list[training.Values]) -> list[training.Values]:
    """The losses as the reference reports them."""
    return [values | {name: 2 * values[name] for name in ("D_real", "D_fake")} for values in steps]


def passes_averaged(network: nn.Module) -> set[int]:
    """How many batches the running statistics of a network's layers are of."""
    return {int(value) for name, value in network.named_buffers() if name.endswith("num_batches_tracked")}


def made(case: dict[str, Any], dtype: torch.dtype) -> Pix2Pix:
    return Pix2Pix(config_of(case), torch.device("cpu"), 0, dtype)


def config_of(case: dict[str, Any]) -> Pix2PixConfig:
    """The reference's options, whose networks are described in prose, as one of our presets."""
    options = case["opt"]
    unet = re.fullmatch(r"UnetGenerator num_downs=(\d+) ngf=(\d+) no dropout", options["netG"])
    patch = re.fullmatch(r"basic ndf (\d+) input_nc 6", options["netD"])
    assert unet, options
    assert patch, options
    return Pix2PixConfig(
        generator=UnetGenerator(downs=int(unet[1]), width=int(unet[2]), norm=options["norm"], dropout=False),
        discriminator=PatchDiscriminator(width=int(patch[1]), norm=options["norm"]),
        loss=Pix2PixLoss(gan=options["gan_mode"], l1=options["lambda_L1"]),
        optim=PoolingOptim(
            lr_g=options["lr"], lr_d=options["lr"], beta1=options["betas"][0], beta2=options["betas"][1], pool=0
        ),
        run=RunConfig(batch=vectors.shape_in(case["inputs"])[0]),
    )
