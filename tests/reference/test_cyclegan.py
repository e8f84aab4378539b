"""Whole training steps of CycleGAN: every loss of every step, and the weights after the last."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.losses import CycleGanLoss
from engine.config.methods import CycleGanConfig
from engine.config.networks import PatchDiscriminator, PixelDiscriminator, ResnetGenerator, UnetGenerator
from engine.config.schema import PoolingOptim, RunConfig
from engine.methods.cyclegan import CycleGan
from tests.reference import vectors

NAMES = vectors.cases("train_step", "cyclegan")
GENERATORS = ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B")
LOSSES_F64 = 1e-9
"""Ours: the manifest stores the losses in full."""


@pytest.mark.parametrize("name", NAMES)
def test_losses_and_weights_in_float64(name: str) -> None:
    case = vectors.CASES[name]
    method = method_at_start(case, torch.float64)
    losses = [method.step(batch(case, step, torch.float64)) for step in range(case["steps"])]
    compare_losses(losses, case["losses_f64"], LOSSES_F64)
    if "after" in case:
        compare_weights(method, case, vectors.TOLERANCES["params_after_step_f64"])
    else:
        compare_digests(method, case)


@pytest.mark.parametrize("name", NAMES)
def test_losses_in_float32(name: str) -> None:
    """Every step starts from the float64 run's weights.

    Left to themselves the two part: a ReLU whose input is zero but for rounding changes a gradient, and Adam's first
    steps turn a changed sign into a full step. The reference's own float32 run does so or not with the thread count.
    """
    case = vectors.CASES[name]
    exact, rounded = method_at_start(case, torch.float64), method_at_start(case, torch.float32)
    losses = []
    for step in range(case["steps"]):
        for key, network in rounded.networks.items():
            network.load_state_dict(exact.networks[key].state_dict())
        losses.append(rounded.step(batch(case, step, torch.float32)))
        exact.step(batch(case, step, torch.float64))
    compare_losses(losses, case["losses_f64"], vectors.TOLERANCES["losses_f32"])


@pytest.mark.parametrize("name", [name for name in NAMES if vectors.CASES[name]["steps"] == 1])
def test_one_step_in_float32(name: str) -> None:
    """The weights move as they do in float64, but for the few whose gradient is zero within rounding (see above)."""
    case = vectors.CASES[name]
    exact, rounded = method_at_start(case, torch.float64), method_at_start(case, torch.float32)
    exact.step(batch(case, 0, torch.float64))
    rounded.step(batch(case, 0, torch.float32))
    for key, network in rounded.networks.items():
        apart = torch.cat(
            [
                (ours.double() - exact.networks[key].get_parameter(parameter)).abs().flatten()
                for parameter, ours in network.named_parameters()
                if parameter not in dead_biases(network)
            ]
        )
        assert (apart > vectors.TOLERANCES["live_params_after_step_f32"]).double().mean() < 0.01


def method_at_start(case: dict[str, Any], dtype: torch.dtype) -> CycleGan:
    """The case's method with the recipe's weights, which are also compared with the manifest's digests."""
    method = CycleGan(config_of(case), torch.device("cpu"), case["python_random_seed"], dtype)
    for name, network in method.networks.items():
        assert vectors.load_recipe_weights(network.float(), "ref", f"{name}/") == case["weights_sha256"][name]
        network.to(dtype)
    return method


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


def batch(case: dict[str, Any], step: int, dtype: torch.dtype) -> ImageBatch:
    """The case's inputs of a step."""
    shape = vectors.shape_in(case["inputs"])
    return ImageBatch(
        real_A=vectors.image(f"stepA{step}", shape, dtype), real_B=vectors.image(f"stepB{step}", shape, dtype)
    )


def compare_losses(ours: list[dict[str, Tensor]], theirs: list[dict[str, float]], tolerance: float) -> None:
    """Every loss that the reference reports, and the sum that its generators minimise."""
    assert len(ours) == len(theirs)
    for mine, wanted in zip(ours, theirs, strict=True):
        values = {name: loss.item() for name, loss in mine.items()}
        values["G_total"] = sum(values[name] for name in GENERATORS)
        assert values == pytest.approx(wanted, abs=tolerance, rel=tolerance)


def compare_weights(method: CycleGan, case: dict[str, Any], tolerance: float) -> None:
    """Every weight after the case's last step."""
    wanted = vectors.tensors(case["after"].split()[0])
    ours = {
        f"{name}/{key}": value
        for name, network in method.networks.items()
        for key, value in network.state_dict().items()
    }
    assert set(ours) == set(wanted)
    apart = {key: (value.double() - wanted[key].double()).abs().max().item() for key, value in ours.items()}
    assert {key: distance for key, distance in apart.items() if distance > tolerance} == {}


def dead_biases(network: nn.Module) -> set[str]:
    """Biases that instance normalisation removes again: their gradient is rounding noise, which Adam magnifies."""
    dead = set()
    for prefix, layers in network.named_modules():
        if isinstance(layers, nn.Sequential):
            for (index, layer), (_, following) in pairwise(layers.named_children()):
                if hasattr(layer, "bias") and isinstance(following, nn.InstanceNorm2d):
                    dead.add(f"{prefix}.{index}.bias")
    return dead


def compare_digests(method: CycleGan, case: dict[str, Any]) -> None:
    """The sum and the sum of magnitudes of each network's weights after the case's last step."""
    for name, (total, magnitude) in case["after_digest_f64"].items():
        values = [value for value in method.networks[name].state_dict().values() if value.is_floating_point()]
        assert sum(value.sum().item() for value in values) == pytest.approx(total, abs=1e-9 * magnitude, rel=0)
        assert sum(value.abs().sum().item() for value in values) == pytest.approx(magnitude, rel=1e-9)
