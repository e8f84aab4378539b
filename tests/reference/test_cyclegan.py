"""Whole training steps of CycleGAN: every loss of every step, and the weights after the last."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config.losses import CycleGanLoss
from engine.config.methods import CycleGanConfig
from engine.config.networks import PatchDiscriminator, PixelDiscriminator, ResnetGenerator, UnetGenerator
from engine.config.schema import PoolingOptim, RunConfig
from engine.methods.cyclegan import CycleGan
from engine.networks.convolutions import compute_by
from tests.reference import training, vectors

NAMES = vectors.cases("train_step", "cyclegan")


@pytest.mark.parametrize("name", NAMES)
def test_losses_and_weights_in_float64(name: str) -> None:
    case = vectors.CASES[name]
    method = training.started(made, case, torch.float64)
    training.compare_losses(training.take_every_step(method, case), case["losses_f64"], training.LOSSES_F64)
    training.compare_state_after(method, case)


@pytest.mark.parametrize("name", NAMES)
def test_losses_in_float32(name: str) -> None:
    case = vectors.CASES[name]
    losses = training.take_every_step_rounded(made, case)
    training.compare_losses(losses, case["losses_f64"], vectors.TOLERANCES["losses_f32"])


@pytest.mark.parametrize("name", [name for name in NAMES if vectors.CASES[name]["steps"] == 1])
def test_one_step_in_float32(name: str) -> None:
    """The weights move as they do in float64, but for the few whose gradient is zero within rounding."""
    for make in (made, made_otherwise):
        shares = training.share_apart_after_one_step(make, vectors.CASES[name])
        assert {network: share for network, share in shares.items() if share >= 0.01} == {}


@pytest.mark.parametrize("name", NAMES)
def test_losses_and_weights_with_every_convolution_computed_the_other_way(name: str) -> None:
    """By Winograd's algorithm and by folding, whatever the size; in float64, and the losses in float32."""
    case = vectors.CASES[name]
    method = training.started(made_otherwise, case, torch.float64)
    training.compare_losses(training.take_every_step(method, case), case["losses_f64"], training.LOSSES_F64)
    training.compare_state_after(method, case)
    rounded = training.take_every_step_rounded(made_otherwise, case)
    training.compare_losses(rounded, case["losses_f64"], vectors.TOLERANCES["losses_f32"])


def made_otherwise(case: dict[str, Any], dtype: torch.dtype) -> CycleGan:
    method = made(case, dtype)
    for network in method.networks.values():
        compute_by("fast", network)
    return method


def made(case: dict[str, Any], dtype: torch.dtype) -> CycleGan:
    return CycleGan(config_of(case), torch.device("cpu"), case["python_random_seed"], dtype)


def config_of(case: dict[str, Any]) -> CycleGanConfig:
    """The reference's options as one of our presets."""
    options = case["opt"]
    generator = vectors.architecture(options["netG"], options["ngf"], options["norm"])
    layers = options.get("n_layers_D", 3)
    discriminator = vectors.architecture(options["netD"], options["ndf"], options["norm"], layers=layers)
    assert isinstance(generator, ResnetGenerator | UnetGenerator)
    assert isinstance(discriminator, PatchDiscriminator | PixelDiscriminator)
    return CycleGanConfig(
        generator=generator,
        discriminator=discriminator,
        loss=CycleGanLoss(
            gan=options["gan_mode"],
            cycle_a=options["lambda_A"],
            cycle_b=options["lambda_B"],
            identity=options["lambda_identity"],
        ),
        optim=PoolingOptim(
            lr_g=options["lr"],
            lr_d=options["lr"],
            beta1=options["betas"][0],
            beta2=options["betas"][1],
            pool=options["pool_size"],
        ),
        run=RunConfig(batch=vectors.shape_in(case["inputs"])[0]),
    )
