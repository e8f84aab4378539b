"""Drawn animals: a horse's silhouette in a drawn pose, with a plain coat or a striped one.

The body is a smooth union of round cones (tapered capsules). Coordinates are the animal's own: one unit from chest to
rump, x forwards, y up, the hooves near y = -0.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Coat: TypeAlias = Literal["plain", "striped"]
Field: TypeAlias = NDArray[np.float32]
"""(H, W): a value per pixel."""
Colour: TypeAlias = tuple[float, float, float]
"""Red, green, blue in 0..1."""
Cone: TypeAlias = tuple[float, float, float, float, float, float]
"""x, y, radius at one end; x, y, radius at the other."""

HOOF_LINE = -0.70
"""Where the ground is."""

_HORSE_COATS: tuple[tuple[Colour, Colour], ...] = (
    ((0.66, 0.33, 0.13), (0.30, 0.14, 0.07)),
    ((0.57, 0.27, 0.11), (0.12, 0.08, 0.07)),
    ((0.48, 0.23, 0.11), (0.10, 0.07, 0.06)),
    ((0.72, 0.42, 0.18), (0.38, 0.20, 0.10)),
)
"""Chestnut, bay, brown, sorrel: the coat, and the mane and tail."""
_WHITE: Colour = (0.95, 0.93, 0.88)
_BLACK: Colour = (0.09, 0.08, 0.09)
_HORN: Colour = (0.10, 0.08, 0.07)
_EYE: Colour = (0.03, 0.02, 0.02)
_MELT = 0.03
"""How far, in units, neighbouring cones flow into each other."""


@dataclass(frozen=True, kw_only=True)
class Pose:
    """One animal's build and stance."""

    trunk: tuple[Cone, ...]
    """Rump and chest, neck, head and the two near legs, which melt into one shape."""
    far_legs: tuple[Cone, ...]
    tail: tuple[Cone, ...]
    mane: tuple[Cone, ...]
    hooves: tuple[Cone, ...]
    muzzle: Cone
    ears: tuple[Cone, ...]
    eye: tuple[float, float]


def draw_pose(rng: np.random.Generator) -> Pose:
    """A stance between standing and a trot, the head between grazing and raised."""
    lift = rng.uniform(0.55, 1.05) if rng.random() < 0.85 else rng.uniform(-0.75, -0.45)
    poll = (0.36 + 0.46 * cos(lift), 0.10 + 0.46 * sin(lift))
    nod = lift - rng.uniform(1.35, 1.7) if lift > 0 else lift - rng.uniform(0.2, 0.4)
    nose = (poll[0] + 0.30 * cos(nod), poll[1] + 0.30 * sin(nod))
    girth = rng.uniform(0.93, 1.07)
    trunk: list[Cone] = [
        (-0.34, 0.03, 0.205 * girth, 0.0, -0.03, 0.19 * girth),
        (0.0, -0.03, 0.19 * girth, 0.30, 0.0, 0.20 * girth),
        (0.33, 0.06, 0.155, *poll, 0.085),
        (*poll, 0.088, *nose, 0.052),
    ]
    swing, beat = rng.uniform(0.05, 0.42), rng.uniform(0, 2 * pi)
    near = [_leg(0.32, -0.08, swing * sin(beat), front=True), _leg(-0.38, -0.04, swing * sin(beat + 2.6), front=False)]
    far = [
        _leg(0.20, -0.08, swing * sin(beat + pi), front=True),
        _leg(-0.26, -0.04, swing * sin(beat + 5.6), front=False),
    ]
    trunk += [cone for leg in near for cone in leg]
    back = lift + pi / 2
    crest = (0.075 * cos(back), 0.075 * sin(back))
    droop = rng.uniform(-0.06, 0.06)
    return Pose(
        trunk=tuple(trunk),
        far_legs=tuple(cone for leg in far for cone in leg),
        tail=(
            (-0.53, 0.12, 0.035, -0.60 + droop, -0.06, 0.052),
            (-0.60 + droop, -0.06, 0.052, -0.61 + 1.6 * droop, -0.36, 0.022),
        ),
        mane=(
            (0.30 + crest[0], 0.20 + crest[1] * 0.6, 0.045, poll[0] + crest[0] * 0.9, poll[1] + crest[1] * 0.9, 0.04),
        ),
        hooves=tuple(_hoof(leg[-1]) for leg in (*near, *far)),
        muzzle=(nose[0], nose[1], 0.05, nose[0] + 0.02 * cos(nod), nose[1] + 0.02 * sin(nod), 0.045),
        ears=_ears(poll, nod),
        eye=(poll[0] + 0.09 * cos(nod) - 0.02 * sin(nod), poll[1] + 0.09 * sin(nod) + 0.02 * cos(nod)),
    )


def _leg(x: float, y: float, swing: float, *, front: bool) -> list[Cone]:
    """Thigh and shank from the hip to the hoof, swung by an angle in radians; a leg that swings forward bends."""
    knee = (x + 0.33 * sin(swing) + (0.0 if front else -0.05), y - 0.33 * cos(swing))
    bend = swing - 0.9 * max(swing, 0) if front else swing * 0.3 + 0.12 - 0.5 * max(swing, 0)
    hoof = (knee[0] + 0.28 * sin(bend), knee[1] - 0.28 * cos(bend))
    thick = 0.09 if front else 0.125
    return [(x, y, thick, *knee, 0.043), (*knee, 0.041, *hoof, 0.03)]


def _hoof(shank: Cone) -> Cone:
    x, y = shank[3], shank[4]
    return (x, y + 0.01, 0.032, x + 0.012, y - 0.025, 0.038)


def _ears(poll: tuple[float, float], nod: float) -> tuple[Cone, ...]:
    up = nod + 1.9
    root = (poll[0] + 0.05 * cos(up), poll[1] + 0.05 * sin(up))
    return ((*root, 0.033, root[0] + 0.11 * cos(up), root[1] + 0.11 * sin(up), 0.012),)


# ------------------------------------------------------------------------------------------------------- painting


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """Pixels to paint on and the animal's coordinates of each."""

    colour: NDArray[np.float32]
    """(H, W, 3) in 0..1, painted in place."""
    x: Field
    y: Field
    pixel: float
    """A pixel's side in the animal's units."""
    waviness: Field
    """Smooth noise about 0 that stripes follow, in units."""

    def around(self, cones: tuple[Cone, ...], margin: float = 0.02) -> Canvas:
        """The part of the canvas that holds these cones, sharing its pixels; at least 2 x 2 of them."""
        ends = np.asarray(cones, np.float32).reshape(-1, 3)
        low, high = (ends[:, :2] - ends[:, 2:]).min(axis=0) - margin, (ends[:, :2] + ends[:, 2:]).max(axis=0) + margin
        rows = _span((self.y[:, 0] >= low[1]) & (self.y[:, 0] <= high[1]))
        columns = _span((self.x[0] >= low[0]) & (self.x[0] <= high[0]))
        return Canvas(
            colour=self.colour[rows, columns],
            x=self.x[rows, columns],
            y=self.y[rows, columns],
            pixel=self.pixel,
            waviness=self.waviness[rows, columns],
        )

    def paint(self, distance: Field, colour: NDArray[np.float32] | Colour, strength: float = 1.0) -> None:
        """Lay a colour where the distance is negative, with an anti-aliased edge."""
        cover = np.clip(0.5 - distance / self.pixel, 0, 1)[:, :, None] * np.float32(strength)
        self.colour[:] += (np.asarray(colour, np.float32) - self.colour) * cover


def _span(inside: NDArray[np.bool_]) -> slice:
    found = np.flatnonzero(inside)
    if not len(found):
        return slice(0, 2)
    first = min(int(found[0]), len(inside) - 2)
    return slice(first, max(int(found[-1]) + 1, first + 2))


def paint_animal(
    canvas: Canvas, pose: Pose, coat: Coat, rng: np.random.Generator, stripes_rng: np.random.Generator
) -> None:
    """Paint one animal over what is there; from ``stripes_rng`` only a striped coat is drawn, and only its stripes."""
    body, hair = _HORSE_COATS[rng.integers(len(_HORSE_COATS))]
    bright = rng.uniform(0.9, 1.1)
    stripes = None if coat == "plain" else _Striping(stripes_rng)
    ears = body
    if stripes:
        ears, hair = _WHITE, _BLACK
    _paint_shadow(canvas.around(((-0.6, HOOF_LINE, 0.08, 0.6, HOOF_LINE, 0.08),)))

    legs = canvas.around(pose.far_legs)
    far, along = _distances(legs, pose.far_legs)
    skin = stripes.on_legs(far, along) if stripes else np.asarray(body, np.float32)
    legs.paint(_union(far), skin * (0.62 * bright))
    _paint_part(canvas, pose.tail, hair)

    whole = canvas.around(pose.trunk)
    trunk, along = _distances(whole, pose.trunk)
    shape = _union(trunk)
    skin = stripes.on_trunk(whole, trunk, along) if stripes else np.asarray(body, np.float32)
    whole.paint(shape, np.clip(skin * _light(whole, shape)[:, :, None] * bright, 0, 1))

    _paint_part(canvas, pose.ears, ears, 0.85)
    neck = canvas.around(pose.mane)
    mane, along = _distances(neck, pose.mane)
    neck.paint(_union(mane), stripes.on_mane(along) if stripes else hair)
    _paint_part(canvas, (pose.muzzle,), hair, 0.75)
    for hoof in pose.hooves:
        _paint_part(canvas, (hoof,), _HORN)
    _paint_part(canvas, ((*pose.eye, 0.02, pose.eye[0] + 0.01, pose.eye[1], 0.02),), _EYE)


def _paint_part(canvas: Canvas, cones: tuple[Cone, ...], colour: Colour, strength: float = 1.0) -> None:
    part = canvas.around(cones)
    part.paint(_union(_distances(part, cones)[0]), colour, strength)


def _paint_shadow(ground: Canvas) -> None:
    ellipse = np.hypot(ground.x / np.float32(0.6), (ground.y - np.float32(HOOF_LINE)) / np.float32(0.06))
    ground.paint((ellipse - 1) * np.float32(0.06), (0.10, 0.11, 0.06), 0.45)


def _distances(canvas: Canvas, cones: tuple[Cone, ...]) -> tuple[Field, Field]:
    """Signed distance to each cone (negative inside) and the place along its axis, both (cones, H, W), in units."""
    c = np.asarray(cones, np.float32)[:, :, None, None]
    ax, ay, ra, bx, by, rb = (c[:, k] for k in range(6))
    dx, dy = bx - ax, by - ay
    length = np.sqrt(dx * dx + dy * dy)
    px, py = canvas.x - ax, canvas.y - ay
    along = (px * dx + py * dy) / length
    t = np.clip(along / length, 0, 1)
    ex, ey = px - t * dx, py - t * dy
    return np.sqrt(ex * ex + ey * ey) - (ra + t * (rb - ra)), along


def _union(distances: Field) -> Field:
    nearest = distances.min(axis=0)
    blend: Field = nearest - _MELT * np.log(np.exp((nearest - distances) / _MELT).sum(axis=0))
    return blend


def _light(canvas: Canvas, shape: Field) -> Field:
    """Brightness: lit from above, round towards the edges."""
    rise, _ = np.gradient(shape, np.float32(canvas.pixel))
    edge = np.clip(1 + shape / 0.16, 0, 1)
    lit: Field = (1.0 - 0.16 * edge**2 - 0.26 * edge * np.clip(rise, -1, 1)).astype(np.float32)
    return lit


class _Striping:
    """Where the dark stripes run: across the barrel, round the neck and the legs, bent over the rump."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._period = rng.uniform(0.125, 0.155)
        self._phase = rng.uniform(0, 2 * pi)
        self._bend = rng.uniform(0.5, 0.8)

    def on_trunk(self, canvas: Canvas, distances: Field, along: Field) -> NDArray[np.float32]:
        """Colours, (H, W, 3)."""
        weights = np.exp((distances.min(axis=0) - distances) / 0.02)
        weights /= weights.sum(axis=0)
        rear = np.clip(-0.12 - canvas.x, 0, 0.5)
        barrel = canvas.x + canvas.waviness + self._bend * rear * (0.5 + 2.2 * canvas.y)
        waves = np.empty_like(distances)
        waves[:2] = np.sin(2 * pi / self._period * barrel + self._phase)
        waves[2] = np.sin(2 * pi / (0.85 * self._period) * (along[2] + canvas.waviness) + self._phase)
        waves[3] = np.sin(2 * pi / (0.6 * self._period) * along[3] + self._phase)
        waves[4:] = np.sin(2 * pi / (0.7 * self._period) * along[4:])
        return self._coloured((weights * waves).sum(axis=0))

    def on_legs(self, distances: Field, along: Field) -> NDArray[np.float32]:
        """Colours of the far legs, (H, W, 3)."""
        nearest = np.take_along_axis(along, distances.argmin(axis=0)[None], axis=0)[0]
        return self._coloured(np.sin(2 * pi / (0.7 * self._period) * nearest))

    def on_mane(self, along: Field) -> NDArray[np.float32]:
        """Colours, (H, W, 3)."""
        return self._coloured(np.sin(2 * pi / (0.85 * self._period) * along[0] + self._phase) - 0.3)

    def _coloured(self, wave: Field) -> NDArray[np.float32]:
        dark = np.clip(0.5 - 2.2 * wave, 0, 1)[:, :, None]
        white, black = np.asarray(_WHITE, np.float32), np.asarray(_BLACK, np.float32)
        coloured: NDArray[np.float32] = white + (black - white) * dark
        return coloured
