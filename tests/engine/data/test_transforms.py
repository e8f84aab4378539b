"""Crops stay inside, reach every place, flip half of the time, and follow from the draws alone."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.data.draws import Purpose, frame_numbers, generator
from engine.data.transforms import Framing, ImageTooSmallError


def gradient(width: int, height: int) -> Image.Image:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, :, 0] = np.arange(width)
    pixels[:, :, 1] = np.arange(height)[:, None]
    return Image.fromarray(pixels)


def test_crops_reach_every_corner_and_never_leave_the_image() -> None:
    framing = Framing(resize=0, crop=8, flip=False)
    image = gradient(11, 9)
    corners = set()
    for position in range(300):
        view = framing.at_random(image, frame_numbers(0, Purpose.FRAME_A, 0, position))
        assert view.shape == (3, 8, 8)
        assert view.dtype == np.uint8
        left, top = int(view[0, 0, 0]), int(view[1, 0, 0])
        assert np.array_equal(view, np.asarray(image)[top : top + 8, left : left + 8].transpose(2, 0, 1))
        corners.add((left, top))
    assert corners == {(left, top) for left in range(4) for top in range(2)}


def test_half_of_the_views_are_mirrored_and_the_rest_are_not() -> None:
    image = gradient(8, 8)
    upright = np.asarray(image).transpose(2, 0, 1)
    mirrored = 0
    for position in range(2000):
        view = Framing(resize=0, crop=8, flip=True).at_random(image, frame_numbers(0, Purpose.FRAME_A, 0, position))
        is_mirrored = np.array_equal(view, upright[:, :, ::-1])
        assert is_mirrored or np.array_equal(view, upright)
        mirrored += is_mirrored
    assert 900 < mirrored < 1100


def test_flip_does_not_change_the_crop() -> None:
    image = gradient(20, 20)
    for position in range(20):
        plain = Framing(resize=0, crop=8, flip=False).at_random(image, frame_numbers(0, Purpose.FRAME_A, 0, position))
        either = Framing(resize=0, crop=8, flip=True).at_random(image, frame_numbers(0, Purpose.FRAME_A, 0, position))
        assert np.array_equal(either, plain) or np.array_equal(either, plain[:, :, ::-1])


def test_resize_is_a_bicubic_square() -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (17, 30, 3), dtype=np.uint8))
    view = Framing(resize=12, crop=12, flip=False).centred(image)
    expected = image.resize((12, 12), Image.Resampling.BICUBIC)
    assert np.array_equal(view, np.asarray(expected).transpose(2, 0, 1))


def test_the_centred_view_is_the_middle() -> None:
    view = Framing(resize=0, crop=4, flip=True).centred(gradient(10, 8))
    assert view[0, 0].tolist() == [3, 4, 5, 6]
    assert view[1, :, 0].tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize("size", [(7, 20), (20, 7)])
def test_an_image_smaller_than_the_crop_is_refused(size: tuple[int, int]) -> None:
    framing = Framing(resize=0, crop=8, flip=True)
    with pytest.raises(ImageTooSmallError, match=f"{size[0]}x{size[1]}"):
        framing.at_random(gradient(*size), frame_numbers(0, Purpose.FRAME_A, 0, 0))
    with pytest.raises(ImageTooSmallError):
        framing.centred(gradient(*size))


def test_each_number_of_a_draw_matters() -> None:
    places = [(0, Purpose.FRAME_A, 0, 0), (1, Purpose.FRAME_A, 0, 0), (0, Purpose.FRAME_B, 0, 0)]
    places += [(0, Purpose.FRAME_A, 1, 0), (0, Purpose.FRAME_A, 0, 1)]
    firsts = [generator(*place).random() for place in places]
    assert len(set(firsts)) == len(places)
    assert firsts == [generator(*place).random() for place in places]
