"""Which images the generators take, and what they are made of."""

from __future__ import annotations

import pytest
import torch

from engine.config.networks import GeneratorConfig, Norm, ResnetGenerator, UnetGenerator
from engine.networks.generators import build_generator

SMALL: list[GeneratorConfig] = [
    *(ResnetGenerator(width=2, blocks=2, norm=norm) for norm in ("instance", "batch", "none")),
    *(UnetGenerator(width=2, downs=5, norm=norm) for norm in ("instance", "batch", "none")),
]


@pytest.mark.parametrize("config", SMALL, ids=lambda config: f"{type(config).__name__}-{config.norm}")
def test_returns_images_of_the_size_it_was_given(config: GeneratorConfig) -> None:
    images = build_generator(config, 1, 3)(torch.zeros(2, 1, 64, 32))
    assert images.shape == (2, 3, 64, 32)
    assert images.abs().max() <= 1


def test_published_sizes() -> None:
    with torch.device("meta"):
        resnet, unet = build_generator(ResnetGenerator(), 3, 3), build_generator(UnetGenerator(norm="batch"), 3, 3)
    assert sum(parameter.numel() for parameter in resnet.parameters()) == 11_378_179
    assert sum(parameter.numel() for parameter in unet.parameters()) == 54_413_955


def test_as_many_blocks_as_asked_for() -> None:
    keys = build_generator(ResnetGenerator(width=2, blocks=4), 3, 3).state_dict()
    assert sum(".conv_block.1.weight" in key for key in keys) == 4


def test_dropout_shifts_the_keys_of_a_resnet_and_not_those_of_a_unet() -> None:
    resnet, dropped = (build_generator(ResnetGenerator(width=2, dropout=on), 3, 3).state_dict() for on in (False, True))
    assert [key.replace("block.5", "block.6") for key in resnet] == list(dropped)
    unet, dropped = (build_generator(UnetGenerator(width=2, dropout=on), 3, 3).state_dict() for on in (False, True))
    assert list(unet) == list(dropped)


@pytest.mark.parametrize(
    "config", [ResnetGenerator(width=2, dropout=True), UnetGenerator(width=2, downs=6, dropout=True)]
)
def test_dropout_is_random_in_training_only(config: GeneratorConfig) -> None:
    torch.manual_seed(0)
    generator, image = build_generator(config, 3, 3), torch.rand(1, 3, 64, 64)
    assert not torch.equal(generator(image), generator(image))
    generator.eval()
    assert torch.equal(generator(image), generator(image))


@pytest.mark.parametrize(("norm", "biased"), [("instance", True), ("batch", False), ("none", False)])
def test_only_instance_normalisation_keeps_biases_before_it(norm: Norm, biased: bool) -> None:
    keys = build_generator(ResnetGenerator(width=2, norm=norm), 3, 3).state_dict()
    assert ("model.1.bias" in keys) == biased
    assert "model.26.bias" in keys


def test_the_innermost_map_of_a_unet_may_be_one_pixel() -> None:
    generator = build_generator(UnetGenerator(width=2, downs=5, norm="instance"), 3, 3)
    assert generator(torch.rand(1, 3, 32, 32)).std() > 0


def test_a_unet_leaves_its_input_as_it_is() -> None:
    images = torch.rand(1, 3, 32, 32) - 0.5
    before = images.clone()
    build_generator(UnetGenerator(width=2, downs=5), 3, 3)(images)
    assert torch.equal(images, before)
