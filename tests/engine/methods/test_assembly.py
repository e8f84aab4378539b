"""What methods are made of: the first weights that each section of a preset asks for, and Adam as [optim] has it."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec
import pytest
import torch
from torch import Tensor, nn

from engine.config.data import SyntheticDigits
from engine.config.losses import AeGanLoss
from engine.config.methods import CONFIGS as METHODS
from engine.config.methods import (
    AeGanConfig,
    CycleGanConfig,
    DiscoGanConfig,
    DtnConfig,
    DtnMethod,
    Pix2PixConfig,
    TrainConfig,
)
from engine.config.networks import (
    AutoencoderGenerator,
    DecoderGenerator,
    EncoderDecoderGenerator,
    ImageDiscriminator,
    Init,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from engine.config.schema import RunConfig
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.networks.convolutions import Conv3x3, ConvToImage
from tests.engine.methods.stepping import CPU

GAIN_G, GAIN_D = 0.5, 0.1
CONFIGS: list[TrainConfig] = [
    CycleGanConfig(
        generator=ResnetGenerator(width=8, blocks=1), discriminator=PatchDiscriminator(width=8, scales=2, layers=2)
    ),
    CycleGanConfig(
        generator=UnetGenerator(width=8, downs=5, norm="batch"), discriminator=PixelDiscriminator(width=32, count=2)
    ),
    Pix2PixConfig(generator=UnetGenerator(width=8, downs=5), discriminator=PatchDiscriminator(width=8)),
    DiscoGanConfig(
        generator=EncoderDecoderGenerator(width=8, downs=3, bottleneck=8),
        discriminator=ImageDiscriminator(width=8, downs=3),
    ),
    DtnConfig(
        method=DtnMethod(f_width=8),
        generator=DecoderGenerator(width=4),
        discriminator=ImageDiscriminator(width=8, downs=3),
    ),
    AeGanConfig(
        data=SyntheticDigits(),
        generator=AutoencoderGenerator(width=8, downs=1, blocks=2, shared=1),
        discriminator=PatchDiscriminator(width=8),
        loss=AeGanLoss(class_a=1.0, class_b=1.0),
    ),
]
"""One of each method at least, with every kind of network."""
assert {type(config) for config in CONFIGS} == set(METHODS.values()), "a method is missing here"
SYSTEMS = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)


def variance(weight: Tensor, init: Init, gain: float) -> float:
    """Of a layer's first weights."""
    receptive = weight[0][0].numel()
    fan_in, fan_out = weight.shape[1] * receptive, weight.shape[0] * receptive
    match init:
        case "normal":
            return gain**2
        case "xavier":
            return gain**2 * 2 / (fan_in + fan_out)
        case "kaiming":
            return 2 / fan_in
        case "orthogonal":
            return gain**2 / max(weight.shape[0], fan_in)
        case "pytorch":
            return 1 / (3 * fan_in)


def spread(network: nn.Module, init: Init, gain: float) -> float:
    """The mean square of the weights of all layers, each in units of what it should be; 1 where all are as asked."""
    layers = [weight.detach() for weight in network.parameters() if weight.ndim > 1]
    return torch.cat([weight.square().flatten() / variance(weight, init, gain) for weight in layers]).mean().item()


@SYSTEMS
@pytest.mark.parametrize("of_G", get_args(Init))
@pytest.mark.parametrize("of_D", ["normal", "orthogonal", "pytorch"])
def test_every_network_begins_as_its_own_section_says(config: TrainConfig, of_G: Init, of_D: Init) -> None:
    """Classifiers have no section: theirs is PyTorch's own distribution."""
    method = build_method(
        msgspec.structs.replace(
            config,
            generator=msgspec.structs.replace(config.generator, init=of_G, init_gain=GAIN_G),
            discriminator=msgspec.structs.replace(config.discriminator, init=of_D, init_gain=GAIN_D),
        ),
        CPU,
    )
    spreads = {name: spread(network, *asked(name, of_G, of_D)) for name, network in method.networks.items()}
    assert spreads == pytest.approx(dict.fromkeys(method.networks, 1.0), rel=0.15)


def asked(name: str, of_G: Init, of_D: Init) -> tuple[Init, float]:
    """How a network by that name is to begin."""
    if name in ("f", "C_A", "C_B"):
        return "pytorch", 1.0
    return (of_D, GAIN_D) if name.startswith("D") else (of_G, GAIN_G)


@SYSTEMS
def test_no_two_networks_begin_alike(config: TrainConfig) -> None:
    first = [next(iter(network.parameters())).detach() for network in build_method(config, CPU).networks.values()]
    alike = [(a, b) for a in range(len(first)) for b in range(a) if same_values(first[a], first[b])]
    assert alike == []


def same_values(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and torch.equal(first, second)


@SYSTEMS
@pytest.mark.parametrize("convolution", ["auto", "direct"])
def test_convolutions_are_computed_as_the_run_asks(config: TrainConfig, convolution: Literal["auto", "direct"]) -> None:
    """In every network, moving averages too; those that have a choice are in ResNets and autoencoders alone."""
    method = build_method(
        msgspec.structs.replace(
            config,
            run=RunConfig(convolution=convolution),
            optim=msgspec.structs.replace(config.optim, ema=0.9),
        ),
        CPU,
    )
    chosen = {
        layer.algorithm
        for network in method.networks.values()
        for layer in network.modules()
        if isinstance(layer, Conv3x3 | ConvToImage)
    }
    with_choice = isinstance(config.generator, ResnetGenerator | AutoencoderGenerator)
    assert chosen == ({convolution} if with_choice else set())


@SYSTEMS
def test_adam_is_as_its_section_says(config: TrainConfig) -> None:
    """Each optimizer with its own rate, and all with the same betas and weight decay."""
    rates = {"lr_g": 0.1, "lr_d": 0.2} | ({"lr_f": 0.3} if isinstance(config, DtnConfig) else {})
    asked_for: dict[str, Any] = rates | {"beta1": 0.4, "beta2": 0.5, "weight_decay": 0.6}
    method = build_method(
        msgspec.structs.replace(config, optim=msgspec.structs.replace(config.optim, **asked_for)), CPU
    )
    for name, optimizer in method.optimizers.items():
        [group] = optimizer.param_groups
        rate = rates[method.base_rates[name].removeprefix("optim.")]
        assert (group["lr"], group["betas"], group["weight_decay"]) == (rate, (0.4, 0.5), 0.6)
        assert isinstance(optimizer, torch.optim.Adam)
    assert weights_of(method) == sum(len(list(network.parameters())) for network in method.networks.values())


def weights_of(method: Method) -> int:
    """How many tensors the optimizers change."""
    return sum(len(group["params"]) for optimizer in method.optimizers.values() for group in optimizer.param_groups)
