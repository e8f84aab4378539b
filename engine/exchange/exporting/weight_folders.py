"""Exports that are weights: safetensors with a model card, and files that the reference implementation loads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace
from torch import Tensor, nn

from engine.config.data import Direction
from engine.config.load import dump
from engine.config.methods import CycleGanConfig, Pix2PixConfig, TrainConfig
from engine.exchange.exporting.card import card
from engine.exchange.exporting.description import description_of
from engine.exchange.exporting.reference_options import (
    command_line,
    discriminator_misfit,
    discriminator_options,
    options_for,
    training_options,
)
from engine.exchange.exporting.request import ExportRequest
from engine.exchange.folder_layout import CARD, CONFIG, OPTIONS, REFERENCE_WEIGHTS, WEIGHTS
from engine.exchange.reference_options import option_file
from engine.methods.method import Method
from engine.protocol.jobs import Remark, Tell
from engine.tensor_files import write_state, write_weights

OF_AVERAGE = "_ema"
"""What a moving average's name ends with (engine.methods.averages)."""


def write_safetensors(method: Method, request: ExportRequest, folder: Path) -> None:
    """Write what translates, a file of weights for each network, with the configuration and a model card.

    Raises:
        OSError: the disk does not take it.
    """
    folder.mkdir()
    for name, (network, directions) in translating_networks(method, request).items():
        tensors = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
        write_weights(tensors, folder / f"{name}{WEIGHTS}", description_of(request, *directions))
    (folder / CONFIG).write_text(dump(without_averages(request.saved.config)), encoding="utf-8")
    (folder / CARD).write_text(card(request), encoding="utf-8")


def translating_networks(method: Method, request: ExportRequest) -> dict[str, tuple[nn.Module, tuple[Direction, ...]]]:
    """The networks that an image goes through in the directions asked for, each with those that are its own.

    Of a run that shows the moving average of a network, that goes by the network's own name.
    """
    used = {
        direction: {id(module) for module in method.translator(direction).modules()} for direction in request.directions
    }
    found = {}
    for name, network in method.networks.items():
        own = {id(module) for module in network.modules()}
        if directions := tuple(direction for direction, modules in used.items() if own & modules):
            found[name.removesuffix(OF_AVERAGE)] = network, directions
    return found


def without_averages(config: TrainConfig) -> TrainConfig:
    """The configuration of networks that follow no others."""
    return replace(config, optim=replace(config.optim, ema=0.0))


def write_reference(method: Method, request: ExportRequest, folder: Path, tell: Tell) -> str:
    """Write latest_net_G_A.pth and the like, each a plain state dict; returns the options to load them with.

    Raises:
        OSError: the disk does not take it.
    """
    config = request.saved.config
    assert isinstance(config, CycleGanConfig | Pix2PixConfig), "options_for has refused others"
    folder.mkdir()
    options = options_for(config)
    misfit = discriminator_misfit(config)
    if misfit:
        fact = f"The discriminators are left out, as the reference implementation has none such: they {misfit}."
        tell(Remark(text=f"{fact} It translates without them and cannot train on."))
    else:
        options |= discriminator_options(config.discriminator)
    for name, network in _reference_networks(method, judges=not misfit):
        write_state(OrderedDict(_detached(network)), folder / REFERENCE_WEIGHTS.format(epoch="latest", network=name))
    still = isinstance(config, Pix2PixConfig) and not config.method.test_time_noise
    kept = {**options, **training_options(config), "isTrain": "True"} | ({"eval": "True"} if still else {})
    (folder / OPTIONS).write_text(option_file(kept), encoding="utf-8")
    return command_line(options) + (" --eval" if still else "")


def _reference_networks(method: Method, *, judges: bool) -> Iterator[tuple[str, nn.Module]]:
    for name, network in method.networks.items():
        if name in method.averages or (name.startswith("D") and not judges):
            continue
        yield name, method.networks.get(f"{name}{OF_AVERAGE}", network)


def _detached(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    for key, tensor in network.state_dict().items():
        yield key, tensor.detach().contiguous().clone()
