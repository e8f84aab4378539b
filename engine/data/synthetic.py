"""Two domains that need no download: drawings of plain animals and of striped ones in the same country.

Unpaired, each domain has animals of its own. Paired, every animal of the plain domain is drawn once more with stripes:
from the same draws, the stripes alone from others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.data.animals import HOOF_LINE, Canvas, Coat, draw_pose, paint_animal
from engine.data.domains import DrawnDomain
from engine.data.draws import Purpose, generator
from engine.data.epochs import nothing
from engine.data.landscapes import Landscape, draw_landscape, noise, paint_blades
from engine.data.transforms import Pixels

COATS: tuple[Coat, Coat] = ("plain", "striped")
"""Domain A and domain B."""

HELD_OUT = 64
"""Drawings of each domain that only sample sheets show."""

_FINER = 2
"""Drawn at so many times the side, then averaged."""


def draw_animal(coat: Coat, seed: int, index: int, side: int, *, paired: bool = False) -> Pixels:
    """One drawing of a domain, (side, side, 3): the same for the same five arguments.

    Paired, the drawings of one number in the two coats differ in nothing but the coat.
    """
    rng = generator(seed, Purpose.DRAWING_A if paired or coat == "plain" else Purpose.DRAWING_B, 0, index)
    stripes_rng = generator(seed, Purpose.STRIPES, 0, index) if paired else rng
    landscape = draw_landscape(rng, side * _FINER)
    if rng.random() < 0.25:
        far_off = _Stand(scale=rng.uniform(0.18, 0.26), middle=rng.uniform(0.1, 0.9), near=0.25)
        _place_animal(landscape, far_off, coat, rng, stripes_rng)
    close_by = _Stand(scale=rng.uniform(0.48, 0.60), middle=rng.uniform(0.42, 0.58), near=rng.uniform(0.7, 0.9))
    _place_animal(landscape, close_by, coat, rng, stripes_rng)
    fine = np.rint(np.clip(landscape.scene, 0, 1) * 255).astype(np.uint8)
    return np.asarray(Image.fromarray(fine).reduce(_FINER))


def draw_domain(
    coat: Coat, seed: int, number: int, side: int, *, paired: bool = False, between: Callable[[], None] = nothing
) -> DrawnDomain:
    """The training drawings of a domain, kept in memory.

    A large one takes seconds: ``between`` is called before each, and may raise what ends it.
    """

    def drawn(index: int) -> Pixels:
        between()
        return draw_animal(coat, seed, index, side, paired=paired)

    return DrawnDomain(f"{coat} animals", tuple(map(drawn, range(number))))


def held_out(coat: Coat, seed: int, first: int, side: int, *, paired: bool = False) -> HeldOutDrawings:
    """Drawings of the same domain beyond its training drawings, which are those before ``first``."""
    return HeldOutDrawings(coat, seed, first, side, paired)


@dataclass(frozen=True)
class HeldOutDrawings:
    """A domain whose images are drawn when they are asked for."""

    coat: Coat
    seed: int
    first: int
    side: int
    paired: bool = False

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"held-out {self.coat} animals"

    def __len__(self) -> int:
        return HELD_OUT

    def read(self, index: int) -> Image.Image:
        """One drawing, RGB."""
        return Image.fromarray(draw_animal(self.coat, self.seed, self.first + index, self.side, paired=self.paired))

    def describe(self, index: int) -> str:
        """Its number."""
        return f"{self.name}, number {index}"

    def short_name(self, index: int) -> str:
        """Its number."""
        return str(index)


@dataclass(frozen=True, kw_only=True)
class _Stand:
    """Where an animal stands."""

    scale: float
    """Its unit of length as a part of the picture's side."""
    middle: float
    """Across the picture, from 0 on the left to 1."""
    near: float
    """From the horizon, 0, to the lower edge, 1."""


def _place_animal(
    landscape: Landscape, stand: _Stand, coat: Coat, rng: np.random.Generator, stripes_rng: np.random.Generator
) -> None:
    side = landscape.scene.shape[0]
    foot = landscape.horizon + (1 - landscape.horizon) * stand.near
    facing = 1 if rng.random() < 0.5 else -1
    down, across = np.meshgrid(*[np.linspace(0, 1, side, dtype=np.float32)] * 2, indexing="ij")
    canvas = Canvas(
        colour=landscape.scene,
        x=(across - np.float32(stand.middle)) * np.float32(facing / stand.scale) + np.float32(0.12),
        y=(np.float32(foot) - down) / np.float32(stand.scale) + np.float32(HOOF_LINE),
        pixel=1 / (side * stand.scale),
        waviness=0.035 * noise(rng, side, 6, 6),
    )
    paint_animal(canvas, draw_pose(rng), coat, rng, stripes_rng)
    paint_blades(landscape, rng, foot)
