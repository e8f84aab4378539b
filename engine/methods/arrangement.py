"""How a method's networks are run: the layout of their maps, what they keep for the gradient, and compiled or not."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from engine.config.losses import GanLoss
from engine.config.methods import TrainConfig
from engine.config.networks import UnetGenerator
from engine.methods.compilation import Compiler
from engine.methods.method import Method
from engine.networks.classifier import DigitClassifier
from engine.networks.segments import make_again


def arrange(method: Method, config: TrainConfig, device: torch.device, tell: Callable[[str], None]) -> None:
    """Have a method's networks run as [run] says; their weights and the names of these stay as they are.

    Args:
        method: one that has made no step and taken up no checkpoint; Adam's moments get the layout of its weights.
        config: the run's preset.
        device: where the networks are.
        tell: called with a clause that says what run.compile does not do although it was to.
    """
    if has_channels_last(config, device):
        for network in method.networks.values():
            network.to(memory_format=torch.channels_last)
    trained = {name: network for name, network in method.networks.items() if name not in method.averages}
    if config.run.checkpointing:
        for network in trained.values():
            make_again(network)
    if config.run.compile == "on":
        if isinstance(config.loss, GanLoss) and config.loss.gan == "wgan-gp":
            tell("leaves the discriminators out: wgan-gp differentiates their gradient, and compiled it has none")
            trained = {name: network for name, network in trained.items() if not name.startswith("D")}
        Compiler(tell).compile(map(_program_of, trained.values()))


def _program_of(network: nn.Module) -> nn.Module:
    """The part of a network that every pass goes through; a classifier is also asked for its features alone."""
    return network.model if isinstance(network, DigitClassifier) else network


def has_channels_last(config: TrainConfig, device: torch.device) -> bool:
    """Whether maps have their channels together.

    cuDNN's tensor cores take them so, and turn others round each time; a CPU's products in bfloat16 gain as well, but
    for the many small maps of a U-Net (docs/speed.md).
    """
    if config.run.channels_last != "auto":
        return config.run.channels_last == "on"
    match device.type:
        case "cuda":
            return config.run.precision != "fp32"
        case "cpu":
            return config.run.precision == "bf16" and not isinstance(config.generator, UnetGenerator)
        case _:
            return False
