"""Networks in words."""

from __future__ import annotations

import pytest

from engine.config.architecture import networks_in_words
from engine.config.load import read_toml, resolve
from engine.config.presets import shipped_presets


@pytest.mark.parametrize(
    ("discriminator", "words"),
    [
        ({}, "patches of 70 px"),
        ({"layers": 1}, "patches of 16 px"),
        ({"scales": 2}, "patches of 70 px in 2 scales"),
        ({"count": 3}, "patches of 70 px, 3 judges"),
        ({"arch": "pixel"}, "single pixels"),
        ({"arch": "image", "downs": 6}, "whole images"),
    ],
)
def test_what_a_discriminator_judges_is_told_with_its_receptive_field(
    discriminator: dict[str, object], words: str
) -> None:
    config = resolve({"discriminator": discriminator}, "x")
    assert networks_in_words(config) == {"generator": "resnet of 9 blocks", "discriminator": words}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("facades", "unet of 8 downs"),
        ("discogan-edges2shoes", "encoder-decoder of 4 downs"),
        ("dtn-mnistm2mnist", "decoder of f's features"),
        ("aegan-mnistm2mnist", "autoencoder of"),
    ],
)
def test_every_generator_has_words(name: str, words: str) -> None:
    config = resolve(read_toml(shipped_presets()[name]), name)
    assert networks_in_words(config)["generator"].startswith(words)
