"""The options with which the reference implementation builds a run, and what it cannot build."""

from __future__ import annotations

import pytest

from engine.config.methods import CONFIGS, CycleGanConfig, Pix2PixConfig
from engine.config.networks import (
    EncoderDecoderGenerator,
    ImageDiscriminator,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from engine.errors import RequestError
from engine.exchange.exporting.reference_options import (
    command_line,
    discriminator_misfit,
    discriminator_options,
    options_for,
)


def test_those_of_the_papers_cyclegan() -> None:
    words = command_line(options_for(CycleGanConfig()))
    assert "--model cycle_gan" in words
    assert "--netG resnet_9blocks --ngf 64 --norm instance --no_dropout" in words
    assert "--no_flip" not in words


def test_those_of_the_papers_pix2pix() -> None:
    words = command_line(options_for(Pix2PixConfig()))
    assert "--netG unet_256 --ngf 64 --norm batch" in words
    assert "--no_dropout" not in words


@pytest.mark.parametrize(
    ("generator", "key"),
    [
        (ResnetGenerator(blocks=5), "generator.blocks = 5"),
        (ResnetGenerator(upsample="resize"), "generator.upsample = resize"),
        (ResnetGenerator(norm="group"), "generator.norm = group"),
        (UnetGenerator(downs=6), "generator.downs = 6"),
        (EncoderDecoderGenerator(), "generator.arch = encoder-decoder"),
    ],
)
def test_a_generator_that_the_reference_lacks_is_refused_by_its_key(generator: ResnetGenerator, key: str) -> None:
    with pytest.raises(RequestError) as refused:
        options_for(CycleGanConfig(generator=generator))
    assert refused.value.subject == key


@pytest.mark.parametrize("kind", sorted(set(CONFIGS) - {"cyclegan", "pix2pix"}))
def test_other_methods_are_refused(kind: str) -> None:
    with pytest.raises(RequestError, match=f"this is {kind}"):
        options_for(CONFIGS[kind]())


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        (PatchDiscriminator(scales=2), "2 scales"),
        (PatchDiscriminator(count=3), "are 3 of a domain"),
        (PatchDiscriminator(spectral=True), "spectrally normalised"),
        (PatchDiscriminator(norm="batch"), "the reference has one for both"),
        (ImageDiscriminator(norm="instance"), "whole images"),
    ],
)
def test_discriminators_that_the_reference_lacks(judge: PatchDiscriminator, told: str) -> None:
    assert told in discriminator_misfit(CycleGanConfig(discriminator=judge))


@pytest.mark.parametrize("judge", [PatchDiscriminator(layers=5, width=32), PixelDiscriminator(width=16)])
def test_discriminators_that_it_has(judge: PatchDiscriminator) -> None:
    assert discriminator_misfit(CycleGanConfig(discriminator=judge)) == ""
    options = discriminator_options(judge)
    assert options["ndf"] == str(judge.width)
    assert options["netD"] == ("pixel" if isinstance(judge, PixelDiscriminator) else "n_layers")
