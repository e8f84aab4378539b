"""Drawn digits are the same every time, show what their labels say, and are black and white or coloured."""

from __future__ import annotations

import numpy as np
import pytest

from engine.config.data import SyntheticDigits
from engine.data.digit_sets import labelled
from engine.data.digits import in_batches
from engine.data.drawn_digits import HELD_OUT, INKS, Ink, digits_drawn, draw_digit


@pytest.mark.parametrize("ink", INKS)
def test_a_drawing_follows_from_its_number(ink: Ink) -> None:
    drawing = draw_digit(ink, 5, 3, 32)
    assert drawing.shape == (32, 32, 3)
    assert drawing.dtype == np.uint8
    assert np.array_equal(drawing, draw_digit(ink, 5, 3, 32))
    others = [draw_digit(ink, 5, 4, 32), draw_digit(ink, 6, 3, 32)]
    assert not any(np.array_equal(drawing, other) for other in others)


def test_the_target_is_white_on_black_and_the_source_in_colour() -> None:
    for number in range(30):
        white, coloured = draw_digit("white", 0, number, 32), draw_digit("coloured", 0, number, 32)
        assert (white[:, :, :1] == white).all()
        assert white[[0, 0, -1, -1], [0, -1, 0, -1]].max() < 30
        assert white.max() > 200
        assert np.ptp(coloured.astype(int), axis=2).mean() > 10


@pytest.mark.parametrize(("ink", "least"), [("coloured", 0.5), ("white", 0.6)])
def test_digits_are_uniform_and_their_drawings_tell_them(ink: Ink, least: float) -> None:
    """By the nearest of the mean drawings of the digits, which knows nothing of turns and places, most are told."""
    labels = digits_drawn(ink, 0, range(1200))
    assert labels.dtype == np.int64
    assert all(80 < count < 160 for count in np.bincount(labels, minlength=10))
    shapes = np.stack([outline(draw_digit(ink, 0, number, 24)) for number in range(1200)])
    means = np.stack([shapes[:900][labels[:900] == digit].mean(axis=0) for digit in range(10)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    guessed = (shapes[900:] @ means.T).argmax(axis=1)
    assert (guessed == labels[900:]).mean() > least


def outline(drawing: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How far each pixel is from the ground's brightness, of mean 0 and norm 1."""
    grey = (drawing.astype(float) @ [0.299, 0.587, 0.114]).ravel()
    away = np.abs(grey - np.median(grey))
    away -= away.mean()
    unit: np.ndarray[tuple[int], np.dtype[np.float64]] = away / np.linalg.norm(away)
    return unit


def test_held_out_digits_are_none_of_the_training_digits() -> None:
    config = SyntheticDigits(images=30, size=16)
    trained, kept_apart = labelled(config, 0, "B", "train"), labelled(config, 0, "B", "test")
    assert (len(trained), len(kept_apart)) == (30, HELD_OUT)
    first = next(in_batches(kept_apart, 20))
    assert np.array_equal(first.pixels[0].transpose(1, 2, 0), draw_digit("white", 0, 30, 16))
    for view in next(in_batches(trained, 30)).pixels:
        assert not (first.pixels == view).all(axis=(1, 2, 3)).any()


def test_the_two_domains_show_other_digits() -> None:
    assert digits_drawn("white", 0, range(40)).tolist() != digits_drawn("coloured", 0, range(40)).tolist()


def test_leaving_digits_out_leaves_the_other_drawings_as_they_were() -> None:
    every = next(in_batches(labelled(SyntheticDigits(images=30, size=16), 0, "A", "train"), 30))
    some = next(in_batches(labelled(SyntheticDigits(images=30, size=16, without_A=(1, 8)), 0, "A", "train"), 30))
    kept = ~np.isin(every.labels, (1, 8))
    assert 0 < kept.sum() < 30
    assert np.array_equal(some.labels, every.labels[kept])
    assert np.array_equal(some.pixels, every.pixels[kept])


@pytest.mark.parametrize("side", [1, 3, 8, 31, 64])
def test_any_size_can_be_drawn(side: int) -> None:
    for ink in INKS:
        assert draw_digit(ink, 1, 0, side).shape == (side, side, 3)
