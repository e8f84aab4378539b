"""The network that is exported: all that an image goes through, in evaluation mode, of plain layers on the CPU."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from torch import nn

from engine.config.data import Direction
from engine.config.geometry import Sides
from engine.exchange.exporting.request import ExportRequest
from engine.methods.method import Method
from engine.networks.convolutions import compute_by


@dataclass(frozen=True, kw_only=True)
class Translator:
    """A direction of a checkpoint as one module."""

    network: nn.Module
    """(N, 3, H, W) in [-1, 1] to the same, float32."""
    direction: Direction
    sides: Sides
    """Of the images that it is exported for."""
    crop: int
    """The side in pixels of those that it was trained on."""


def translator_of(method: Method, request: ExportRequest, direction: Direction) -> Translator:
    """A direction of a method, made fit to be exported; the method's own networks stay as they are.

    Raises:
        RequestError: the method does not translate this way.
    """
    network = copy.deepcopy(method.translator(direction)).eval().requires_grad_(False)
    compute_by("direct", network)
    if request.test_time_noise:
        normalise_each_image(network)
    return Translator(network=network, direction=direction, sides=request.sides, crop=request.saved.config.data.crop)


def normalise_each_image(network: nn.Module) -> None:
    """Have batch normalisation take the statistics of each image, as it does in training mode with batches of one."""
    for name, layer in list(network.named_children()):
        if isinstance(layer, nn.BatchNorm2d):
            of_image = nn.InstanceNorm2d(layer.num_features, eps=layer.eps, affine=True)
            of_image.weight, of_image.bias = layer.weight, layer.bias
            setattr(network, name, of_image)
        else:
            normalise_each_image(layer)
