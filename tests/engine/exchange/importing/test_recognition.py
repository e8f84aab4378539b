"""Networks told by keys and shapes, and the key that is named where they do not fit."""

from __future__ import annotations

import pytest
import torch

from engine.config.networks import (
    DiscriminatorConfig,
    ImageDiscriminator,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)
from engine.errors import RequestError
from engine.exchange.importing.recognition import discriminator_of, generator_of
from tests.engine.exchange.saved import discriminator_state, generator_state

GENERATORS: list[TranslatingGenerator] = [
    ResnetGenerator(width=4, blocks=1),
    ResnetGenerator(width=4, blocks=9),
    ResnetGenerator(width=5, blocks=6, dropout=True),
    ResnetGenerator(width=4, blocks=2, norm="batch", dropout=True),
    ResnetGenerator(width=4, blocks=2, norm="batch"),
    ResnetGenerator(width=4, blocks=2, norm="none"),
    ResnetGenerator(width=8, blocks=2, norm="group"),
    ResnetGenerator(width=4, blocks=2, upsample="resize"),
    UnetGenerator(width=4, downs=5),
    UnetGenerator(width=4, downs=7, norm="batch"),
    UnetGenerator(width=3, downs=8, norm="batch"),
    UnetGenerator(width=4, downs=8, norm="none"),
]
DISCRIMINATORS: list[DiscriminatorConfig] = [
    PatchDiscriminator(width=4),
    PatchDiscriminator(width=4, layers=1),
    PatchDiscriminator(width=3, layers=5, norm="batch"),
    PatchDiscriminator(width=4, layers=6, norm="none"),
    PixelDiscriminator(width=4),
    PixelDiscriminator(width=4, norm="batch"),
]


@pytest.mark.parametrize("config", GENERATORS, ids=str)
def test_a_generator_is_told_by_its_weights(config: TranslatingGenerator) -> None:
    assert generator_of(generator_state(config), "f") == config


@pytest.mark.parametrize("config", DISCRIMINATORS, ids=str)
@pytest.mark.parametrize("channels", [3, 6])
def test_a_discriminator_is_told_by_its_weights(config: DiscriminatorConfig, channels: int) -> None:
    assert discriminator_of(discriminator_state(config, channels), "f", channels) == config


def refused(state: dict[str, torch.Tensor]) -> RequestError:
    with pytest.raises(RequestError) as error:
        generator_of(state, "f.pth")
    return error.value


def test_a_key_that_lacks_is_named() -> None:
    state = generator_state(ResnetGenerator(width=4, blocks=2))
    del state["model.11.conv_block.5.weight"]
    assert refused(state).subject == "f.pth: model.11.conv_block.5.weight"


def test_a_key_too_many_is_named() -> None:
    state = generator_state(UnetGenerator(width=4, downs=5)) | {"attention.weight": torch.ones(3)}
    assert refused(state).subject == "f.pth: attention.weight"


def test_another_shape_is_told() -> None:
    """Weights of grey images."""
    state = generator_state(ResnetGenerator(width=4, blocks=1)) | {"model.1.weight": torch.ones(4, 1, 7, 7)}
    error = refused(state)
    assert error.subject == "f.pth: model.1.weight"
    assert error.fact.startswith("is 4x1x7x7, and 4x3x7x7 in")


def test_more_blocks_than_a_network_has_here_end_with_a_key() -> None:
    state = generator_state(ResnetGenerator(width=1, blocks=1))
    more = {f"model.{place}.conv_block.1.weight": torch.ones(4, 4, 3, 3) for place in range(11, 3000)}
    assert refused(state | more).subject.startswith("f.pth: model.")


def test_a_huge_width_makes_no_huge_network() -> None:
    state = generator_state(ResnetGenerator(width=4, blocks=1))
    for shape in ((10**9, 3, 7, 7), (10**9, 0, 7, 7), (0, 3, 7, 7), ()):
        wide = state | {"model.1.weight": torch.ones(1)[0].expand(shape)}
        assert refused(wide).subject == "f.pth: model.1.weight"


def test_a_discriminator_of_pairs_is_none_of_images() -> None:
    with pytest.raises(RequestError, match="is 4x6x4x4, and 4x3x4x4"):
        discriminator_of(discriminator_state(PatchDiscriminator(width=4), 6), "f.pth", 3)


@pytest.mark.parametrize(
    "state", [{"a": torch.ones(1)}, discriminator_state(ImageDiscriminator(width=4))], ids=["a", "image"]
)
def test_other_networks_are_refused_by_their_first_key(state: dict[str, torch.Tensor]) -> None:
    assert refused(state).subject == f"f.pth: {next(iter(state))}"
    with pytest.raises(RequestError):
        discriminator_of(state, "f.pth", 3)
