"""Which images the generators take, and what they are made of."""

from __future__ import annotations

import pytest
import torch

from engine.config.networks import (
    UNET_WITHOUT_DROPOUT,
    DecoderGenerator,
    EncoderDecoderGenerator,
    Norm,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)
from engine.networks.generators import build_generator

NORMS: tuple[Norm, ...] = ("instance", "batch", "group", "none")
SMALL: list[TranslatingGenerator] = [
    *(ResnetGenerator(width=2, blocks=2, norm=norm) for norm in NORMS),
    *(ResnetGenerator(width=2, blocks=2, norm=norm, upsample="resize") for norm in NORMS),
    *(UnetGenerator(width=2, downs=5, norm=norm) for norm in NORMS),
    *(EncoderDecoderGenerator(width=2, downs=4, norm=norm) for norm in NORMS),
]


@pytest.mark.parametrize("config", SMALL, ids=lambda config: f"{type(config).__name__}-{config.norm}")
def test_returns_images_of_the_size_it_was_given(config: TranslatingGenerator) -> None:
    images = build_generator(config, 1, 3)(torch.zeros(2, 1, 64, 32))
    assert images.shape == (2, 3, 64, 32)
    assert images.abs().max() <= 1


def test_published_sizes() -> None:
    with torch.device("meta"):
        resnet, unet = build_generator(ResnetGenerator(), 3, 3), build_generator(UnetGenerator(norm="batch"), 3, 3)
    assert sum(parameter.numel() for parameter in resnet.parameters()) == 11_378_179
    assert sum(parameter.numel() for parameter in unet.parameters()) == 54_413_955


@pytest.mark.parametrize(("bottleneck", "size"), [(0, 5_513_856), (100, 7_153_480)])
def test_published_sizes_of_discogan(bottleneck: int, size: int) -> None:
    with torch.device("meta"):
        network = build_generator(EncoderDecoderGenerator(bottleneck=bottleneck), 3, 3)
    assert sum(parameter.numel() for parameter in network.parameters()) == size


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
def test_dropout_is_random_in_training_only(config: TranslatingGenerator) -> None:
    torch.manual_seed(0)
    generator, image = build_generator(config, 3, 3), torch.rand(1, 3, 64, 64)
    assert not torch.equal(generator(image), generator(image))
    generator.eval()
    assert torch.equal(generator(image), generator(image))


@pytest.mark.parametrize(("norm", "biased"), [("instance", True), ("batch", False), ("group", False), ("none", False)])
def test_only_instance_normalisation_keeps_biases_before_it(norm: Norm, biased: bool) -> None:
    keys = build_generator(ResnetGenerator(width=2, norm=norm), 3, 3).state_dict()
    assert ("model.1.bias" in keys) == biased
    assert "model.26.bias" in keys


def dropouts(config: TranslatingGenerator, side: int) -> list[tuple[int, float]]:
    """Of every dropout, in the order in which an image meets them: the side of the map, and the share dropped."""
    met: list[tuple[int, float]] = []
    generator = build_generator(config, 3, 3)
    for module in generator.modules():
        if isinstance(module, torch.nn.Dropout):
            module.register_forward_hook(lambda layer, _, out: met.append((out.shape[-1], layer.p)))
    generator(torch.rand(1, 3, side, side))
    return met


@pytest.mark.parametrize(
    ("downs", "side", "levels"), [(5, 32, []), (6, 64, [4]), (7, 128, [4, 8]), (8, 256, [4, 8, 16])]
)
def test_a_unet_drops_half_of_what_its_inner_decoder_levels_make(downs: int, side: int, levels: list[int]) -> None:
    """At 256 px the three CD512 of the decoder that stay so wide, but the innermost (pix2pix, appendix 6.1)."""
    assert dropouts(UnetGenerator(width=1, downs=downs, dropout=True), side) == [(level, 0.5) for level in levels]
    assert dropouts(UnetGenerator(width=1, downs=downs), side) == []
    assert len(levels) == downs - UNET_WITHOUT_DROPOUT, "as many as the configuration counts"


@pytest.mark.parametrize("blocks", [6, 9])
def test_a_resnet_drops_half_of_a_map_in_each_block(blocks: int) -> None:
    assert dropouts(ResnetGenerator(width=1, blocks=blocks, dropout=True), 16) == [(4, 0.5)] * blocks
    assert dropouts(ResnetGenerator(width=1, blocks=blocks), 16) == []


def test_the_innermost_map_of_a_unet_may_be_one_pixel() -> None:
    generator = build_generator(UnetGenerator(width=2, downs=5, norm="instance"), 3, 3)
    assert generator(torch.rand(1, 3, 32, 32)).std() > 0


def test_a_unet_leaves_its_input_as_it_is() -> None:
    images = torch.rand(1, 3, 32, 32) - 0.5
    before = images.clone()
    build_generator(UnetGenerator(width=2, downs=5), 3, 3)(images)
    assert torch.equal(images, before)


# ------------------------------------------------------------------------------------------- resize-convolution


def test_resize_convolution_has_no_transposed_one_and_as_many_weights() -> None:
    transposed = build_generator(ResnetGenerator(width=2), 3, 3)
    resize = build_generator(ResnetGenerator(width=2, upsample="resize"), 3, 3)
    assert not any(isinstance(module, torch.nn.ConvTranspose2d) for module in resize.modules())
    assert sum(map(torch.numel, resize.parameters())) == sum(map(torch.numel, transposed.parameters()))


# ---------------------------------------------------------------------------------------------- encoder, decoder


def test_an_encoder_decoder_works_in_the_range_that_is_asked_for() -> None:
    config = EncoderDecoderGenerator(width=2, downs=3)
    signed, unit = build_generator(config, 3, 3), build_generator(config, 3, 3, unit_range=True)
    assert list(signed.state_dict()) == list(unit.state_dict())
    unit.load_state_dict(signed.state_dict())
    images = torch.rand(2, 3, 32, 32)
    of_signed, of_unit = signed.eval()(images), unit.eval()(images)
    assert of_signed.min() < 0 < of_unit.min()
    torch.testing.assert_close(of_signed.atanh(), of_unit.logit(), atol=1e-4, rtol=1e-3)


def test_nothing_passes_a_bottleneck_but_its_channels() -> None:
    config = EncoderDecoderGenerator(width=2, downs=3, bottleneck=5)
    generator = build_generator(config, 3, 3)
    shapes: list[torch.Size] = []
    for module in generator.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda _layer, _inputs, output: shapes.append(output.shape))
    assert generator(torch.rand(2, 3, 32, 32)).shape == (2, 3, 32, 32)
    assert shapes[-1] == (2, 5, 1, 1)


@pytest.mark.parametrize("downs", [2, 6])
def test_an_encoder_halves_as_often_as_asked_for(downs: int) -> None:
    keys = build_generator(EncoderDecoderGenerator(width=2, downs=downs, norm="none"), 3, 3).state_dict()
    assert len(keys) == 2 * downs
    assert max(max(weight.shape[:2]) for weight in keys.values()) == 2 * min(2 ** (downs - 1), 8)


@pytest.mark.parametrize("norm", NORMS)
def test_dtns_decoder_draws_32_px_from_features(norm: Norm) -> None:
    decoder = build_generator(DecoderGenerator(width=2, norm=norm), 6, 3)
    torch.manual_seed(0)
    features = torch.rand(4, 6, 2, 2)
    images = decoder(features)
    assert images.shape == (4, 3, 32, 32)
    assert images.abs().max() <= 1
    assert not torch.equal(images[0], images[1])
    widths = [module.out_channels for module in decoder.modules() if isinstance(module, torch.nn.ConvTranspose2d)]
    assert widths == [16, 8, 4, 3]


# ------------------------------------------------------------------------------------------- group normalisation


def test_group_normalisation_treats_every_image_by_itself_and_alike_in_evaluation() -> None:
    generator = build_generator(EncoderDecoderGenerator(width=8, downs=3, norm="group"), 3, 3).double()
    images = torch.rand(3, 3, 32, 32, dtype=torch.float64)
    together = generator(images)
    torch.testing.assert_close(generator(images[:1]), together[:1])
    torch.testing.assert_close(generator.eval()(images), together)
