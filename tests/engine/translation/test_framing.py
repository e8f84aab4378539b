"""An image is padded to what its networks take, by its own reflection, and cut out again as it was."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.config.networks import EncoderDecoderGenerator, GeneratorConfig, ResnetGenerator, UnetGenerator
from engine.translation.framing import framed


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("generator", "size", "padded"),
    [
        (ResnetGenerator(), (64, 48), (64, 48)),
        (ResnetGenerator(), (65, 46), (68, 48)),
        (ResnetGenerator(), (1, 3), (8, 8)),
        (UnetGenerator(downs=5), (33, 100), (64, 128)),
        (UnetGenerator(downs=8), (10, 300), (256, 512)),
        (EncoderDecoderGenerator(downs=3), (1, 17), (8, 24)),
    ],
)
def test_what_is_cut_out_is_the_image(
    generator: GeneratorConfig, size: tuple[int, int], padded: tuple[int, int]
) -> None:
    image = noise(*size)
    frame = framed(image, generator)
    assert frame.pixels.shape == (padded[1], padded[0], 3)
    assert frame.cut(frame.pixels).tobytes() == image.tobytes()


def test_around_it_are_its_reflections() -> None:
    image = noise(6, 8)
    frame = framed(image, ResnetGenerator())
    assert (frame.left, frame.top) == (1, 0)
    columns = np.asarray(image).transpose(1, 0, 2)
    assert np.array_equal(frame.pixels.transpose(1, 0, 2), columns[[1, 0, 1, 2, 3, 4, 5, 4]])
