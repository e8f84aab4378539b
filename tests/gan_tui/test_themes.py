"""Colours that can be told from their ground and from one another, by everyone whom the theme is for."""

from __future__ import annotations

from itertools import combinations

import pytest

from gan_tui.state.appearance import THEME_NAMES
from gan_tui.themes import SERIES, THEMES

Vector = tuple[float, float, float]

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
PROTAN = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
DEUTAN = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
SEEN = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.95047, 1.0, 1.08883)


def linear(colour: str) -> Vector:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def times(matrix: tuple[Vector, ...], vector: Vector) -> Vector:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio."""
    low, high = sorted(times(TO_XYZ, linear(colour))[1] for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, seen: tuple[Vector, ...]) -> Vector:
    """CIELAB of a colour as somebody sees it."""
    red, green, blue = (min(1.0, max(0.0, value)) for value in times(seen, linear(colour)))
    x, y, z = (_curve(value / white) for value, white in zip(times(TO_XYZ, (red, green, blue)), WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _curve(value: float) -> float:
    return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116


def nearest(colours: list[str], seen: tuple[Vector, ...]) -> float:
    """The distance of the two that are most alike."""
    points = [lab(colour, seen) for colour in colours]
    return min(sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5 for pair in combinations(points, 2))


def series(name: str) -> list[str]:
    theme = next(theme for theme in THEMES.values() if theme.name == name)
    return [theme.variables[f"series-{number}"] for number in range(SERIES)]


@pytest.mark.parametrize("name", THEME_NAMES)
def test_series_and_words_stand_out_from_every_ground(name: str) -> None:
    theme = {str(each.name): each for each in THEMES.values()}[name]
    ground = str(theme.background)
    assert min(contrast(colour, ground) for colour in series(name)) >= 3
    words = (theme.foreground, theme.primary, theme.success, theme.warning, theme.error, theme.accent)
    for surface in (theme.background, theme.surface, theme.panel):
        for word in words:
            assert contrast(str(word), str(surface)) >= 3.6, (word, surface)
        assert contrast(str(theme.foreground), str(surface)) >= 7


@pytest.mark.parametrize("name", ["dark", "light"])
def test_series_differ(name: str) -> None:
    assert nearest(series(name), SEEN) >= 20


@pytest.mark.parametrize("name", ["colour-blind-dark", "colour-blind-light"])
@pytest.mark.parametrize("seen", [SEEN, PROTAN, DEUTAN], ids=["all cones", "protan", "deutan"])
def test_series_differ_for_colour_blind_people_too(name: str, seen: tuple[Vector, ...]) -> None:
    assert nearest(series(name), seen) >= 22
    theme = {str(each.name): each for each in THEMES.values()}[name]
    assert nearest([str(theme.success), str(theme.warning), str(theme.error)], seen) >= 22


def test_monochrome_has_no_colour() -> None:
    theme = THEMES["monochrome"]
    words = (theme.foreground, theme.primary, theme.success, theme.warning, theme.error, theme.accent)
    for colour in (*series("monochrome"), *map(str, words), str(theme.panel)):
        assert len({colour[1:3], colour[3:5], colour[5:7]}) == 1


def test_names() -> None:
    assert tuple(THEMES) == THEME_NAMES
    assert [theme.name for theme in THEMES.values()] == list(THEME_NAMES)
    assert all(set(theme.variables) == set(THEMES["dark"].variables) for theme in THEMES.values())
