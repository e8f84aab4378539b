"""Where a network is cut into segments, and that no more is kept than what enters them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.config.networks import (
    AutoencoderGenerator,
    EncoderDecoderGenerator,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)
from engine.networks.autoencoder import build_autoencoders
from engine.networks.generators import build_generator
from engine.networks.segments import make_again

SIDE = 32
IMAGE = 3 * SIDE**2
INNER = 16 * (SIDE // 4) ** 2
"""Numbers in an image, and in the map between two blocks."""


def kept_by(network: nn.Module) -> int:
    """Numbers that a pass keeps for the gradient, other than weights, each memory once."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes() // 4
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = network(torch.rand(1, 3, SIDE, SIDE, requires_grad=True))
    assert out.requires_grad
    return sum(kept.values())


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        (ResnetGenerator(width=4, blocks=2), IMAGE + 3 * INNER),
        (UnetGenerator(width=4, downs=5), IMAGE),
        (EncoderDecoderGenerator(width=4), IMAGE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_pass_keeps_what_enters_its_segments(config: TranslatingGenerator, kept: int) -> None:
    """Of a ResNet the image, and what enters each block and the layers after them; of others the image alone."""
    usual, again = (build_generator(config, 3, 3) for _ in range(2))
    make_again(again)
    assert kept_by(usual) > 2 * kept
    assert kept_by(again) == kept


def test_of_autoencoders_every_block_is_a_segment() -> None:
    networks = build_autoencoders(AutoencoderGenerator(width=4, blocks=2, shared=1), 3)
    whole = nn.Sequential(*(networks[name] for name in ("encoder_A", "shared_encoder", "shared_decoder", "decoder_B")))
    assert kept_by(whole) > 2 * (IMAGE + 5 * INNER)
    make_again(whole)
    assert kept_by(whole) == IMAGE + 5 * INNER


def test_without_a_gradient_nothing_is_done_twice() -> None:
    network = build_generator(ResnetGenerator(width=4, blocks=2), 3, 3)
    make_again(network)
    passes = []
    network.model[1].register_forward_hook(lambda *_: passes.append(1))
    with torch.no_grad():
        network(torch.rand(1, 3, SIDE, SIDE))
    assert len(passes) == 1
    network(torch.rand(1, 3, SIDE, SIDE)).sum().backward()
    assert len(passes) == 3, "once, and once more for the gradient"
