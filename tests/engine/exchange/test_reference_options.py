"""Options of the reference implementation, from a configuration and back, of all ages."""

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
from engine.exchange.reference_options import (
    command_line,
    discriminator_misfit,
    discriminator_options,
    method_of,
    option_file,
    options_for,
    read_options,
    settings_of,
    training_options,
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


def test_what_is_written_is_read_again() -> None:
    config = Pix2PixConfig()
    options = {**options_for(config), **training_options(config)}
    assert read_options(option_file(options)) == options
    assert method_of(options) == "pix2pix"
    tree, unknown = settings_of(options, "pix2pix")
    assert unknown == ()
    assert tree["loss"] == {"gan": "vanilla", "l1": 100.0}
    assert tree["data"] == {"resize": 286, "crop": 256, "direction": "AtoB", "flip": True}
    assert tree["optim"]["epochs"] == 100


def test_older_names_mean_the_same() -> None:
    old = {"niter": "7", "niter_decay": "3", "batchSize": "4", "loadSize": "70", "fineSize": "64", "no_lsgan": "False"}
    tree, unknown = settings_of({**old, "which_direction": "BtoA", "identity": "0.1"}, "cyclegan")
    assert unknown == ()
    assert tree["optim"] == {"epochs": 7, "decay_epochs": 3}
    assert tree["run"] == {"batch": 4}
    assert tree["data"] == {"resize": 70, "crop": 64, "direction": "BtoA"}
    assert tree["loss"] == {"identity": 0.1, "gan": "lsgan"}


def test_what_another_method_has_is_passed_over_and_what_nobody_understands_is_told() -> None:
    tree, unknown = settings_of({"lambda_L1": "100", "lr": "fast", "preprocess": "none", "gan_mode": "new"}, "cyclegan")
    assert tree == {}
    assert sorted(unknown) == ["gan_mode new", "lr fast", "preprocess none"]


def test_a_comment_behind_a_value_is_no_part_of_it() -> None:
    text = "               batch_size: 4                             \t[default: 1]\n      name: a b\n--- End ---\n"
    assert read_options(text) == {"batch_size": "4", "name": "a b"}
