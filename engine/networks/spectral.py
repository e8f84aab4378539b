"""Spectral normalisation of a network's layers (Miyato et al. 2018): put on, and taken off to draw weights anew.

A normalised layer divides its weight by an estimate of its largest singular value, which one power iteration improves
at each pass in training and none in evaluation. Where the weight was, the state dict has it undivided, as
`parametrizations.weight.original`, and the estimate's two vectors, `parametrizations.weight.0._u` and `._v`, so that a
resumed run goes on with both.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm


def linear_maps(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """The layers that spectral normalisation is for."""
    return [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


def normalise_spectrally(layers: Iterable[nn.Module]) -> None:
    """Normalise the weights of some layers; their estimates start from PyTorch's global random state."""
    for layer in layers:
        spectral_norm(layer)


def without_spectral(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Take spectral normalisation off a network, and return the layers that had it; their weights are the original."""
    layers = [layer for layer in linear_maps(network) if parametrize.is_parametrized(layer, "weight")]
    for layer in layers:
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    return layers
