"""The distributions that a network's first weights are drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias, assert_never

import torch
from torch import nn

from engine.config.networks import Init
from engine.networks.image_discriminator import MinibatchDiscrimination
from engine.networks.spectral import normalise_spectrally, without_spectral

_Drawn: TypeAlias = Literal["normal", "xavier", "kaiming", "orthogonal"]


def initialise(network: nn.Module, init: Init, gain: float, generator: torch.Generator) -> None:
    """Draw every weight of a network anew, from a generator alone.

    "pytorch" leaves each layer its own distribution. The others are the reference's init_weights: weights of
    convolutions and linear layers follow `init`, their biases are 0; weights of batch and group normalisation follow
    N(1, gain), their biases are 0, and running statistics start over. Minibatch discrimination has a distribution of
    its own, and spectral normalisation starts its estimates over, for the new weights. PyTorch's global random state
    is neither read nor advanced.

    Args:
        network: on the CPU, as `generator` is; changed in place. Layers with spectral normalisation get new Parameters,
            so an optimizer is made afterwards.
        init: "normal" is N(0, gain); "xavier" and "orthogonal" scale theirs by gain; "kaiming" has no free scale.
        gain: the standard deviation or factor above.
        generator: what the weights are drawn from, in the order of network.modules().

    Raises:
        TypeError: the network has a parameter that no rule covers.
    """
    spectral = without_spectral(network)
    match init:
        case "pytorch":
            with _global_state_from(generator):
                for module in network.modules():
                    _reset(module)
        case _:
            for module in network.modules():
                _initialise_module(module, init, gain, generator)
    if spectral:
        with _global_state_from(generator):
            normalise_spectrally(spectral)


def _initialise_module(module: nn.Module, init: _Drawn, gain: float, generator: torch.Generator) -> None:
    match module:
        case nn.Conv2d() | nn.ConvTranspose2d() | nn.Linear():
            _draw(module.weight, init, gain, generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        case nn.BatchNorm2d():
            nn.init.normal_(module.weight, 1.0, gain, generator)
            nn.init.zeros_(module.bias)
            module.reset_running_stats()
        case nn.GroupNorm():
            nn.init.normal_(module.weight, 1.0, gain, generator)
            nn.init.zeros_(module.bias)
        case MinibatchDiscrimination():
            with _global_state_from(generator):
                module.reset_parameters()
        case _:
            _refuse_parameters(module)


def _reset(module: nn.Module) -> None:
    """Draw a layer's weights from PyTorch's own distribution."""
    match module:
        case nn.Conv2d() | nn.ConvTranspose2d() | nn.Linear() | nn.BatchNorm2d() | nn.GroupNorm():
            module.reset_parameters()
        case MinibatchDiscrimination():
            module.reset_parameters()
        case _:
            _refuse_parameters(module)


def _refuse_parameters(module: nn.Module) -> None:
    if next(module.parameters(recurse=False), None) is not None:
        raise TypeError(f"no rule initialises the parameters of {type(module).__name__}")


@contextmanager
def _global_state_from(generator: torch.Generator) -> Iterator[None]:
    """For what draws from PyTorch's global random state only: a seed from the generator, and afterwards the old state.

    The CPU's alone: torch.manual_seed would seed the GPUs' too, which fork_rng does not bring back.
    """
    seed = int(torch.randint(2**63 - 1, (), generator=generator, device=generator.device))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def _draw(weight: torch.Tensor, init: _Drawn, gain: float, generator: torch.Generator) -> None:
    match init:
        case "normal":
            nn.init.normal_(weight, 0.0, gain, generator)
        case "xavier":
            nn.init.xavier_normal_(weight, gain, generator)
        case "kaiming":
            nn.init.kaiming_normal_(weight, a=0, mode="fan_in", generator=generator)
        case "orthogonal":
            nn.init.orthogonal_(weight, gain, generator)
        case _:
            assert_never(init)
