"""Figures for people: numbers, the best of several, and what a damaged record cannot break."""

from __future__ import annotations

import pytest

from gan_tui.state.figures import best_of, better_way, figure_text, figures_in_words


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("accuracy", 0.90664, "90.66 %"),
        ("psnr", 12.8886, "12.89"),
        ("fid_B", 143.219, "143.22"),
        ("l1", 0.18282, "0.1828"),
        ("kid_A", -0.00012, "-0.0001"),
        ("what_C", 1.5, "1.5000"),
        ("psnr", None, "nan"),
    ],
)
def test_numbers(name: str, value: float | None, text: str) -> None:
    assert figure_text(name, value) == text


def test_figures_on_one_line() -> None:
    assert figures_in_words({"l1": 0.5, "psnr": None}, ", ") == "l1 0.5000, psnr nan"


def test_the_best_of_each_figure() -> None:
    rows = [{"l1": 0.3, "psnr": 12.0}, {"l1": 0.2, "psnr": None}, {"l1": 0.2, "psnr": 11.0}]
    assert best_of(rows) == {"l1": 2, "psnr": 0}, "of equals the last, lower of an error, higher of a likeness"
    assert best_of([{"psnr": None}]) == {}


def test_which_way_is_better_is_said() -> None:
    assert better_way("ssim").startswith("higher is better")
    assert better_way("cycle_A").startswith("lower is better")
