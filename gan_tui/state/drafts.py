"""Changes of controls that the user is preparing and has not yet sent."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log10

from engine.config.controls import Control

FACTOR = 10 ** (1 / 10)
"""What one nudge multiplies a control of logarithmic scale by: ten nudges are a decade."""
COARSE = 5
"""Fine nudges in a coarse one."""
SIGNIFICANT = 3


def nudged(control: Control, value: float, direction: int, *, coarse: bool = False) -> float:
    """The value after one nudge up (+1) or down (-1), within the control's bounds.

    A linear control moves by about a twentieth of its value, rounded: 10 to 10.5, 0.5 to 0.525, 2 to 2.1; coarsely by
    five times that. A logarithmic one moves by a factor of 1.26, coarsely of 3.16; a whole number by 1 and 5 at least.
    """
    size = COARSE if coarse else 1
    if control.scale == "log":
        base = value if value > 0 else max(control.minimum, 1.0 if control.integer else 1e-6)
        moved = _rounded(base * FACTOR ** (size * direction))
    else:
        moved = round(value + direction * size * _step(value or control.default or 1.0), 10)
    if control.integer:
        moved = float(round(moved)) if abs(round(moved) - value) >= size else value + direction * size
    return bounded(control, moved)


def bounded(control: Control, value: float) -> float:
    """The nearest value that the control takes."""
    return min(control.maximum, max(control.minimum, value))


def drafted(drafts: Mapping[str, float], name: str, value: float, in_force: float) -> dict[str, float]:
    """The drafts with one more; a draft equal to the value in force is none."""
    rest = {key: draft for key, draft in drafts.items() if key != name}
    return rest if value == in_force else {**rest, name: value}


def outstanding(drafts: Mapping[str, float], values: Mapping[str, float]) -> dict[str, float]:
    """The drafts that still differ from what is in force."""
    return {name: draft for name, draft in drafts.items() if name in values and draft != values[name]}


def _step(value: float) -> float:
    rough = abs(value) / 20
    decade = 10.0 ** floor(log10(rough))
    return decade * min((1.0, 2.5, 5.0, 10.0), key=lambda step: abs(log10(step * decade / rough)))


def _rounded(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT - 1}e}")
