"""Drawn backgrounds: sky, hills, trees and grass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Scene = NDArray[np.float32]
"""(side, side, 3) in 0..1."""
Field = NDArray[np.float32]
"""(side, side)."""

_SKIES = (
    ((0.36, 0.58, 0.86), (0.80, 0.89, 0.95)),
    ((0.45, 0.62, 0.80), (0.90, 0.90, 0.86)),
    ((0.52, 0.62, 0.74), (0.96, 0.84, 0.68)),
    ((0.62, 0.70, 0.78), (0.86, 0.88, 0.88)),
)
"""Overhead and at the horizon."""
_GRASSES = (
    ((0.52, 0.62, 0.30), (0.28, 0.42, 0.13)),
    ((0.60, 0.64, 0.32), (0.38, 0.46, 0.16)),
    ((0.70, 0.66, 0.38), (0.48, 0.46, 0.20)),
    ((0.46, 0.58, 0.32), (0.22, 0.36, 0.14)),
)
"""Far off and at the viewer's feet."""
_BARK = np.array([0.25, 0.18, 0.12], np.float32)


@dataclass(frozen=True)
class Landscape:
    """A scene with the height of its horizon, from 0 at the top to 1."""

    scene: Scene
    horizon: float
    grass: NDArray[np.float32]
    """(side, side, 3): the ground's colours, also above the horizon, for blades in front of an animal."""


def noise(rng: np.random.Generator, side: int, rows: int, columns: int) -> Field:
    """Smooth noise in about -1..1 with so many cells down and across."""
    cells = rng.uniform(-1, 1, (rows + 3, columns + 3)).astype(np.float32)
    large = Image.fromarray(cells).resize((side, side), Image.Resampling.BICUBIC, box=(1, 1, columns + 1, rows + 1))
    return np.asarray(large)


def draw_landscape(rng: np.random.Generator, side: int) -> Landscape:
    """A random landscape; as good on the left as on the right."""
    down = np.linspace(0, 1, side, dtype=np.float32)[:, None]
    horizon = rng.uniform(0.34, 0.5)
    overhead, low = _SKIES[rng.integers(len(_SKIES))]
    far, near = _GRASSES[rng.integers(len(_GRASSES))]
    scene = _blend(overhead, low, np.clip(down / horizon, 0, 1) * np.ones((side, side), np.float32))
    clouds = np.clip(noise(rng, side, 6, 3) + 0.5 * noise(rng, side, 14, 7) - 0.25, 0, 0.8)
    scene += (1 - scene) * (clouds * np.clip(1 - down / horizon, 0, 1))[:, :, None]
    _paint_hills(scene, rng, down, horizon, far)
    grass = _draw_grass(rng, side, np.clip((down - horizon) / (1 - horizon), 0, 1), far, near)
    _paint_trees(scene, rng, horizon)
    edge = np.clip((down - horizon) * side + noise(rng, side, 1, 24), 0, 1)[:, :, None]
    scene += (grass - scene) * edge
    return Landscape(scene, horizon, grass)


def paint_blades(landscape: Landscape, rng: np.random.Generator, foot: float) -> None:
    """Grass before an animal that stands at a height of the picture, 0 at the top to 1."""
    side = landscape.scene.shape[0]
    down = np.linspace(0, 1, side, dtype=np.float32)[:, None]
    tall = foot + 0.015 - 0.05 * np.abs(noise(rng, side, 2, side // 3))
    cover = np.clip((down - tall) * side * 0.7, 0, 1)[:, :, None]
    landscape.scene[:] += (landscape.grass - landscape.scene) * cover


def _blend(first: tuple[float, ...], second: tuple[float, ...], share: Field) -> Scene:
    start, end = np.asarray(first, np.float32), np.asarray(second, np.float32)
    return start + (end - start) * share[:, :, None]


def _draw_grass(
    rng: np.random.Generator, side: int, depth: Field, far: tuple[float, ...], near: tuple[float, ...]
) -> Scene:
    ground = _blend(far, near, depth * np.ones((side, side), np.float32))
    patches = noise(rng, side, 9, 4)
    blades = noise(rng, side, side // 5, side // 2)
    ground *= (1 + 0.10 * patches + 0.20 * blades * (0.35 + 0.65 * depth))[:, :, None]
    return np.clip(ground, 0, 1)


def _paint_hills(scene: Scene, rng: np.random.Generator, down: Field, horizon: float, grass: tuple[float, ...]) -> None:
    side = scene.shape[0]
    haze = np.array([0.62, 0.72, 0.80], np.float32)
    for share, height in ((0.75, rng.uniform(0.05, 0.16)), (0.4, rng.uniform(0.01, 0.07))):
        if rng.random() < 0.3:
            continue
        ridge = horizon - height * (0.6 + 0.5 * noise(rng, side, 1, 3)[:1] + 0.12 * noise(rng, side, 1, 14)[:1])
        tone = haze * share + np.asarray(grass, np.float32) * 0.8 * (1 - share)
        scene += (tone - scene) * np.clip((down - ridge) * side, 0, 1)[:, :, None]


def _paint_trees(scene: Scene, rng: np.random.Generator, horizon: float) -> None:
    for _ in range(rng.integers(0, 5)):
        _paint_tree(scene, rng, horizon, rng.uniform(0, 1), rng.uniform(0.06, 0.2))


def _paint_tree(scene: Scene, rng: np.random.Generator, horizon: float, middle: float, height: float) -> None:
    side = scene.shape[0]
    wide, green = height * rng.uniform(0.35, 0.8), np.array([0.20, 0.33, 0.14], np.float32) * rng.uniform(0.8, 1.4)
    ragged = 1 + 0.25 * noise(rng, side, 16, 16)
    rows = slice(int((horizon - 1.4 * height) * side), int((horizon + 0.1 * height) * side) + 2)
    columns = slice(max(0, int((middle - 1.3 * wide) * side)), int((middle + 1.3 * wide) * side) + 2)
    window, ticks = scene[rows, columns], np.linspace(0, 1, side, dtype=np.float32)
    down, across = ticks[rows, None], ticks[None, columns]
    crown = horizon - height * 0.7
    trunk = np.maximum(np.abs(across - middle) - 0.008, np.abs(down - (horizon - height * 0.25)) - height * 0.3)
    window += (_BARK - window) * np.clip(-trunk * side, 0, 1)[:, :, None]
    leaves = np.hypot((across - middle) / wide, (down - crown) / (height * 0.42)) - ragged[rows, columns]
    shade = green * (1 + 0.5 * np.clip((crown - down) / height, -1, 1))[:, :, None]
    window += (shade - window) * np.clip(-leaves * wide * side, 0, 1)[:, :, None]
