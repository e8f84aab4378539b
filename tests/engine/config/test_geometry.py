"""Sizes are accepted or refused exactly as the networks themselves take them or not."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from engine.config.data import DataConfig, SyntheticData, UnpairedData
from engine.config.geometry import (
    check_geometry,
    check_translatable,
    nearest_side,
    patch_map_side,
    receptive_field,
)
from engine.config.methods import CycleGanConfig
from engine.config.networks import (
    DiscriminatorConfig,
    EncoderDecoderGenerator,
    GeneratorConfig,
    ImageDiscriminator,
    Norm,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from engine.config.schema import RunConfig
from engine.errors import RequestError
from engine.networks.discriminators import build_discriminator
from engine.networks.generators import build_generator


def preset(
    crop: int,
    generator: GeneratorConfig | None = None,
    discriminator: DiscriminatorConfig | None = None,
    resize: int = 0,
    batch: int = 1,
) -> CycleGanConfig:
    return CycleGanConfig(
        run=RunConfig(batch=batch),
        data=UnpairedData(resize=resize, crop=crop),
        generator=generator or ResnetGenerator(),
        discriminator=discriminator or PixelDiscriminator(),
    )


def refused(config: CycleGanConfig) -> bool:
    try:
        check_geometry(config)
    except RequestError:
        return True
    return False


def fails(network: torch.nn.Module, side: int) -> bool:
    try:
        network(torch.rand(1, 3, side, side))
    except (RuntimeError, ValueError):
        return True
    return False


def test_the_defaults_pass() -> None:
    check_geometry(CycleGanConfig())


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_a_patchgan_is_refused_the_crops_that_it_fails_on(layers: int, norm: str) -> None:
    discriminator = PatchDiscriminator(width=1, layers=layers, norm=norm)  # type: ignore[arg-type]
    network = build_discriminator(discriminator, 3)
    least = 3 * 2**layers
    just_below, just_enough = max(8, (least - 1) // 4 * 4), (least + 3) // 4 * 4
    for crop in (just_below, just_enough, just_enough + 4):
        assert refused(preset(crop, discriminator=discriminator)) == fails(network, crop)


@pytest.mark.parametrize("side", range(1, 24))
def test_a_resnet_is_refused_the_crops_that_it_fails_on_or_returns_in_another_size(side: int) -> None:
    network = build_generator(ResnetGenerator(width=1, blocks=1), 3, 3)
    grown = not fails(network, side) and network(torch.rand(1, 3, side, side)).shape[-1] != side
    assert refused(preset(side)) == (fails(network, side) or grown)


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_a_unet_is_refused_the_crops_that_it_fails_on(norm: str) -> None:
    generator = UnetGenerator(width=1, downs=5, norm=norm)  # type: ignore[arg-type]
    network = build_generator(generator, 3, 3)
    for crop in (16, 32, 48, 60, 64, 66, 96):
        assert refused(preset(crop, generator)) == fails(network, crop)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("norm", ["instance", "batch", "group", "none"])
def test_an_encoder_decoder_is_refused_the_crops_at_which_images_come_out_alike_or_not_at_all(
    norm: Norm, batch: int
) -> None:
    """Normalisation of a single pixel makes it 0, or fails: then what comes out says nothing of what went in."""
    generator = EncoderDecoderGenerator(width=2, downs=4, norm=norm)
    network = build_generator(generator, 3, 3).double()
    for crop in (8, 16, 32, 48):
        assert refused(preset(crop, generator, batch=batch)) == is_blind(network, batch, crop)


def is_blind(network: torch.nn.Module, batch: int, side: int) -> bool:
    images = torch.rand(batch, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    try:
        return torch.allclose(network(images), network(1 - images), rtol=0, atol=1e-9)
    except (RuntimeError, ValueError):
        return True


@pytest.mark.parametrize("norm", ["instance", "batch", "group", "none"])
def test_an_encoder_decoder_translates_the_sizes_at_which_its_images_differ(norm: Norm) -> None:
    generator = EncoderDecoderGenerator(width=2, downs=4, norm=norm)
    network = build_generator(generator, 3, 3).double().eval()
    for side in (16, 32):
        assert (nearest_side(generator, side) != side) == is_blind(network, 1, side)
    with pytest.raises(RequestError, match=r"16x16 px.*norm = instance\) takes .* 16 px, 32 px or more.*to 32x32"):
        check_translatable(EncoderDecoderGenerator(norm="instance"), height=16, width=16)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (preset(66), r"data\.crop: 66 px .*\(resnet\).* multiples of 4.* Set it to 68"),
        (preset(4), r"data\.crop: 4 px .* 8 px or more\. Set it to 8"),
        (preset(100, UnetGenerator(downs=7)), r"data\.crop: 100 px .*downs = 7.* 128 px\. Set it to 128\."),
        (preset(64, UnetGenerator(downs=8)), r"Set it to 256, or generator\.downs to 6\."),
        (
            preset(32, UnetGenerator(downs=8, dropout=True)),
            r"Set it to 256, or generator\.downs to 5 and generator\.dropout to false\.",
        ),
        (preset(72, UnetGenerator(downs=6), resize=72), r"Set it to 64\."),
        (preset(124, UnetGenerator(downs=6), resize=124), r"Set it to 64\."),
        (preset(60, UnetGenerator(downs=6), resize=60), r"Set it and data\.resize to 64\."),
        (preset(48, EncoderDecoderGenerator(downs=5)), r"Set it to 64, or generator\.downs to 4\."),
        (preset(48, discriminator=ImageDiscriminator()), r"Set it to 64\."),
        (preset(128, discriminator=ImageDiscriminator()), r"Set it to 64, or discriminator\.downs to 5\."),
        (
            preset(64, UnetGenerator(downs=5), PatchDiscriminator(layers=5), resize=72),
            r"Set it and data\.resize to 96, or discriminator\.layers to 4\.",
        ),
        (
            preset(64, discriminator=PatchDiscriminator(layers=5)),
            r"data\.crop: 64 px .* 5 layers.* 96 px\. Set it to 96, or .*layers to 4",
        ),
        (preset(16, EncoderDecoderGenerator(norm="instance")), r"generator\.downs = 4: leaves .* of 16 px.*Lower it"),
        (preset(16, EncoderDecoderGenerator(norm="batch")), r"generator\.downs = 4: leaves .*two images.*run\.batch"),
        (preset(64, resize=60), r"data\.crop: .*64 px does not fit .* 60 px.*data\.resize to 64 .* data\.crop to 60"),
        (preset(256, UnetGenerator(), resize=200), r"Set data\.resize to 256 or more\."),
    ],
)
def test_the_message_names_key_fact_and_a_value_that_works(config: CycleGanConfig, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        check_geometry(config)


@pytest.mark.parametrize("data", [UnpairedData(resize=63, crop=64), SyntheticData(resize=63, crop=64)])
def test_a_crop_must_fit_into_the_resized_image_of_any_source(data: DataConfig) -> None:
    with pytest.raises(RequestError, match="does not fit"):
        check_geometry(CycleGanConfig(data=data))


def test_resize_zero_keeps_sizes_that_are_known_later() -> None:
    check_geometry(preset(256, resize=0))


def test_translation_takes_any_rectangle_of_fitting_sides() -> None:
    check_translatable(ResnetGenerator(), height=8, width=100)
    with pytest.raises(RequestError, match=r"101x66 px.* to 100x68"):
        check_translatable(ResnetGenerator(), height=66, width=101)


def test_nearest_side() -> None:
    assert [nearest_side(ResnetGenerator(), side) for side in (1, 9, 11, 64)] == [8, 8, 12, 64]
    assert [nearest_side(UnetGenerator(downs=6), side) for side in (1, 95, 97, 128)] == [64, 64, 128, 128]


def test_receptive_fields_are_the_papers() -> None:
    assert [receptive_field(layers) for layers in (1, 2, 3, 4, 5)] == [16, 34, 70, 142, 286]


def test_patch_map_of_the_paper() -> None:
    assert patch_map_side(3, 256) == 30


def test_imports_no_torch() -> None:
    code = "import sys, engine.config.geometry; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
