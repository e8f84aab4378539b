"""The drawings are the same every time, differ from one another, and the two domains differ by their stripes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.config.data import Direction, SyntheticData
from engine.data.animals import Coat
from engine.data.build import build_source
from engine.data.draws import Purpose, frame_numbers
from engine.data.epochs import Place
from engine.data.synthetic import COATS, HELD_OUT, draw_animal, draw_domain, held_out
from engine.data.transforms import Framing


@pytest.mark.parametrize("coat", COATS)
def test_a_drawing_follows_from_its_number(coat: Coat) -> None:
    drawing = draw_animal(coat, 5, 3, 40)
    assert drawing.shape == (40, 40, 3)
    assert drawing.dtype == np.uint8
    assert np.array_equal(drawing, draw_animal(coat, 5, 3, 40))
    others = [draw_animal(coat, 5, 4, 40), draw_animal(coat, 6, 3, 40)]
    assert not any(np.array_equal(drawing, other) for other in others)


def test_between_two_drawings_it_can_be_ended() -> None:
    class EndedError(Exception):
        pass

    called = 0

    def between() -> None:
        nonlocal called
        called += 1
        if called == 6:
            raise EndedError

    config = SyntheticData(images=2, resize=24, crop=16)
    source = build_source(config, 0, between=between)
    assert called == 4
    with pytest.raises(EndedError):
        source.validation(2, between)
    with pytest.raises(EndedError):
        called = 5
        build_source(config, 0, between=between)


def contrast(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """How strongly neighbouring columns differ in the middle of the picture, where the barrel of the animal is."""
    grey = image[24:44, 16:56].astype(float).mean(axis=2)
    return float(np.abs(np.diff(grey, axis=1)).mean())


def test_only_one_domain_is_striped() -> None:
    plain, striped = ([contrast(draw_animal(coat, 0, index, 72)) for index in range(20)] for coat in COATS)
    assert min(striped) > max(plain)


def test_animals_look_to_either_side() -> None:
    """Averaged over many drawings, left and right are alike."""
    mean = np.mean([draw_animal("plain", 0, index, 24).astype(float) for index in range(120)], axis=0)
    assert np.abs(mean - mean[:, ::-1]).mean() < 8


def test_held_out_drawings_are_none_of_the_training_drawings() -> None:
    shown = held_out("striped", 0, 10, 24)
    trained = draw_domain("striped", 0, 10, 24)
    assert len(shown) == HELD_OUT
    assert np.array_equal(np.asarray(shown.read(0)), draw_animal("striped", 0, 10, 24))
    assert not any(np.array_equal(np.asarray(shown.read(0)), drawing) for drawing in trained.drawings)


def test_direction_swaps_plain_and_striped() -> None:
    forth = build_source(SyntheticData(images=2, resize=24, crop=16), 0).validation(2)
    back = build_source(SyntheticData(images=2, resize=24, crop=16, direction="BtoA"), 0).validation(2)
    assert (forth.real_A == back.real_B).all()
    assert (forth.real_B == back.real_A).all()
    assert not (forth.real_A == forth.real_B).all()


def test_size_zero_draws_at_the_size_of_the_crop() -> None:
    source = build_source(SyntheticData(images=2, resize=0, crop=20), 0)
    assert source.validation(1).real_A.shape == (1, 3, 20, 20)


@pytest.mark.parametrize("side", [1, 3, 8, 31])
def test_any_size_can_be_drawn(side: int) -> None:
    for index in range(6):
        assert draw_animal("striped", 1, index, side).shape == (side, side, 3)


# ------------------------------------------------------------------------------------------------------- in pairs


def test_a_paired_animal_differs_from_its_partner_in_its_coat_alone() -> None:
    """Away from the animals the two pictures are equal: sky, hills, and the blades of grass painted last."""
    for index in range(30):
        plain, striped = (draw_animal(coat, 3, index, 72, paired=True).astype(int) for coat in COATS)
        differs = (plain != striped).any(axis=2)
        assert 0.03 < differs.mean() < 0.35
        assert not differs[-3:].any()
        assert not differs[:6].any()


def test_pairs_have_the_unpaired_plain_animals_and_striped_ones_of_their_own() -> None:
    for index in range(5):
        assert np.array_equal(draw_animal("plain", 3, index, 40, paired=True), draw_animal("plain", 3, index, 40))
        assert not np.array_equal(
            draw_animal("striped", 3, index, 40, paired=True), draw_animal("striped", 3, index, 40)
        )


def test_paired_animals_are_striped_each_in_its_own_way() -> None:
    striped = [contrast(draw_animal("striped", 0, index, 72, paired=True)) for index in range(10)]
    assert min(striped) > max(contrast(draw_animal("plain", 0, index, 72)) for index in range(10))
    assert len(set(striped)) == len(striped)


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
def test_aligned_batches_and_sheets_show_pairs(direction: Direction) -> None:
    config = SyntheticData(images=4, resize=40, crop=24, direction=direction)
    source = build_source(config, 3, aligned=True)
    framing = Framing(resize=40, crop=24, flip=True)
    first, second = COATS if direction == "AtoB" else COATS[::-1]
    pictures = [
        tuple(Image.fromarray(draw_animal(coat, 3, index, 40, paired=True)) for coat in (first, second))
        for index in range(6)
    ]
    loaded = source.images.load(Place(1, 0), 4)
    seen = set()
    for position in range(4):
        for index, (one, other) in enumerate(pictures[:4]):
            views = framing.alike_at_random((one, other), frame_numbers(3, Purpose.FRAME_A, 1, position))
            if np.array_equal(views[0], loaded.real_A[position]):
                assert np.array_equal(views[1], loaded.real_B[position])
                seen.add(index)
    assert seen == set(range(4))
    shown = source.validation(2)
    assert np.array_equal(shown.real_A[1], framing.centred(pictures[5][0]))
    assert np.array_equal(shown.real_B[1], framing.centred(pictures[5][1]))
