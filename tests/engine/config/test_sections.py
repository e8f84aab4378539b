"""What a method has by default holds under another architecture too, as far as that knows it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.config.load import resolve


def section(method: str, name: str, **keys: Any) -> Any:
    return getattr(resolve({"method": {"kind": method}, name: keys}, "x"), name)


def test_pix2pix_keeps_its_batch_normalisation_and_dropout_in_a_resnet() -> None:
    generator = section("pix2pix", "generator", arch="resnet")
    assert (generator.norm, generator.dropout, generator.init, generator.blocks) == ("batch", True, "normal", 9)
    given = section("pix2pix", "generator", arch="resnet", norm="instance", dropout=False)
    assert (given.norm, given.dropout) == ("instance", False)


@pytest.mark.parametrize("arch", ["patch", "pixel", "image"])
def test_pix2pix_keeps_its_batch_normalisation_in_any_discriminator(arch: str) -> None:
    discriminator = section("pix2pix", "discriminator", arch=arch)
    assert (discriminator.norm, discriminator.init) == ("batch", "normal")


def test_what_an_architecture_has_of_its_own_stays_its_own() -> None:
    generator = section("cyclegan", "generator", arch="encoder-decoder")
    assert (generator.norm, generator.init) == ("batch", "normal"), "CycleGAN says how weights begin, and no norm"


def test_discogan_keeps_its_sizes_whatever_the_images_are() -> None:
    for kind in ("unpaired", "synthetic"):
        data = section("discogan", "data", kind=kind)
        assert (data.resize, data.crop, data.flip) == (64, 64, False)
    data = section("cyclegan", "data", kind="synthetic")
    assert (data.resize, data.crop) == (72, 64), "CycleGAN's own defaults are those of unpaired images"
