"""Weight files that the reference wrote load into our networks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from engine.config.networks import PatchDiscriminator, ResnetGenerator
from engine.networks.discriminators import build_discriminator
from engine.networks.generators import build_generator
from tests.reference import vectors

FILES = sorted((vectors.FOLDER / "checkpoints").glob("*.pth"))


def network_for(file: Path) -> nn.Module:
    found = re.search(r"resnet_(\d+)blocks ngf (\d+), ndf (\d+)", vectors.MANIFEST["checkpoints"])
    assert found, vectors.MANIFEST["checkpoints"]
    blocks, ngf, ndf = (int(number) for number in found.groups())
    if "_net_G" in file.stem:
        return build_generator(ResnetGenerator(width=ngf, blocks=blocks), 3, 3)
    return build_discriminator(PatchDiscriminator(width=ndf), 3)


def test_there_is_one_for_every_network_of_a_cyclegan() -> None:
    networks = {"G_A", "G_B", "D_A", "D_B"}
    assert {file.stem.partition("_net_")[2] for file in FILES} == networks


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_loads_with_equal_keys(file: Path) -> None:
    saved = torch.load(file, map_location="cpu", weights_only=True)
    network = network_for(file)
    assert list(saved) == list(network.state_dict())
    network.load_state_dict(saved)
    with torch.no_grad():
        output = vectors.output_of(network, vectors.image(file.stem, [1, 3, 64, 64], torch.float32))
    assert output.isfinite().all()
    assert output.std() > 0
