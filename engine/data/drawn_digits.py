"""Digits that need no download: coloured ones on coloured grounds, and white ones on black.

They are to MNIST-M and MNIST what a sketch is to a photograph: one typeface, leaning, stretched and out of place.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from engine.config.digit_files import DIGITS
from engine.data.draws import Purpose, generator
from engine.data.epochs import Labels
from engine.data.transforms import Pixels

Ink: TypeAlias = Literal["coloured", "white"]
INKS: tuple[Ink, Ink] = ("coloured", "white")
"""Domain A and domain B."""

HELD_OUT = 1000
"""Drawings of each domain that only sample sheets and evaluations show."""

_FINER = 2
"""Drawn at so many times the side, then averaged."""
_STROKES = 3
"""Widths of the pen to choose from, thin, medium and bold."""
_LUMA = np.array([0.299, 0.587, 0.114])
_CONTRAST = 0.45
"""Difference in brightness, of 1, between a coloured digit and the middle of its ground."""


def draw_digit(ink: Ink, seed: int, number: int, side: int) -> Pixels:
    """One drawing of a domain, (side, side, 3): the same for the same four arguments."""
    rng = _generator(ink, seed, number)
    digit = int(rng.integers(DIGITS))
    cover = _draw_cover(rng, digit, side)
    picture = _in_colour(rng, cover) if ink == "coloured" else np.repeat(cover[:, :, None], 3, axis=2)
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def digits_drawn(ink: Ink, seed: int, numbers: range) -> Labels:
    """Which digits the drawings of these numbers show, without drawing them."""
    return np.array([_generator(ink, seed, number).integers(DIGITS) for number in numbers], np.int64)


@dataclass(frozen=True, kw_only=True)
class DigitDrawings:
    """A domain whose images are drawn when they are asked for."""

    ink: Ink
    seed: int
    side: int
    numbers: NDArray[np.int64]
    """Of the drawings that belong to it."""
    labels: Labels

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.ink} digits"

    def __len__(self) -> int:
        return len(self.numbers)

    def read(self, index: int) -> Image.Image:
        """One drawing, RGB."""
        return Image.fromarray(draw_digit(self.ink, self.seed, int(self.numbers[index]), self.side))

    def describe(self, index: int) -> str:
        """Its number."""
        return f"{self.name}, number {self.numbers[index]}"

    def short_name(self, index: int) -> str:
        """Its number and its label."""
        return f"{self.numbers[index]}:{self.labels[index]}"


def _generator(ink: Ink, seed: int, number: int) -> np.random.Generator:
    """What a drawing follows from; its first draw is the digit."""
    return generator(seed, Purpose.DIGIT_A if ink == "coloured" else Purpose.DIGIT_B, 0, number)


def _draw_cover(rng: np.random.Generator, digit: int, side: int) -> NDArray[np.float64]:
    """How much of each pixel the digit covers, (side, side), 0 to 1."""
    fine = side * _FINER
    glyph = _glyph(digit, int(rng.integers(_STROKES)), fine)
    turn, lean = radians(rng.uniform(-16, 16)), rng.uniform(-0.25, 0.25)
    wide, high = rng.uniform(0.8, 1.15), rng.uniform(0.85, 1.1)
    x, y = fine / 2 + rng.uniform(-0.08, 0.08, 2) * fine
    # Where in the glyph each pixel comes from: turned about the digit's middle, then leant, then stretched.
    across = (cos(turn) - lean * sin(turn)) / wide, (sin(turn) + lean * cos(turn)) / wide
    down = -sin(turn) / high, cos(turn) / high
    inverse = [(a, b, fine / 2 - a * x - b * y) for a, b in (across, down)]
    drawn = glyph.transform((fine, fine), Image.Transform.AFFINE, (*inverse[0], *inverse[1]), Image.Resampling.BICUBIC)
    blurred = drawn.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.5) * fine / 32))
    return np.asarray(blurred.reduce(_FINER)) / 255


@functools.cache
def _glyph(digit: int, stroke: int, fine: int) -> Image.Image:
    """A digit in the middle of a black square, as Pillow's own typeface has it, drawn with a pen of some width."""
    picture = Image.new("L", (fine, fine))
    font = ImageFont.load_default(max(1, 0.9 * fine))
    width = round(stroke * fine / 64)
    ImageDraw.Draw(picture).text((fine / 2, fine / 2), str(digit), 255, font, anchor="mm", stroke_width=width)
    return picture


def _in_colour(rng: np.random.Generator, cover: NDArray[np.float64]) -> NDArray[np.float64]:
    """A digit in one colour on a ground of blots and grain, apart from it in brightness: (side, side, 3)."""
    side = len(cover)
    blots = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    ground = np.asarray(blots.resize((side, side), Image.Resampling.BICUBIC)) / 255
    tint = rng.uniform(0, 1, 3)
    strength = rng.uniform(0.25, 0.75)
    ground = tint + (ground - tint) * strength
    colour = rng.uniform(0, 1, 3)
    bright = float(ground.mean(axis=(0, 1)) @ _LUMA)
    aim = bright - _CONTRAST if bright > 0.5 else bright + _CONTRAST
    colour += aim - colour @ _LUMA
    picture = ground + (colour - ground) * cover[:, :, None]
    return picture + rng.normal(0, 0.04, (side, side, 1))
