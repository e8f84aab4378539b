"""Nudges: sensible steps, bounds, and drafts that vanish when they are in force."""

from __future__ import annotations

from itertools import product

import pytest

from engine.config.controls import Control, controls_of
from engine.config.methods import CycleGanConfig
from gan_tui.state.drafts import bounded, drafted, nudged, outstanding

CONTROLS = {control.name: control for control in controls_of(CycleGanConfig())}


@pytest.mark.parametrize(
    ("name", "value", "direction", "expected"),
    [
        ("loss.cycle_a", 10.0, -1, 9.5),
        ("loss.cycle_a", 10.0, +1, 10.5),
        ("loss.cycle_a", 0.0, -1, 0.0),
        ("loss.identity", 0.5, +1, 0.525),
        ("loss.cycle_a", 2.0, +1, 2.1),
        ("optim.lr_g", 2e-4, +1, 2.52e-4),
        ("optim.lr_g", 0.9, +1, 1.0),
        ("log.every", 20.0, +1, 25.0),
        ("log.every", 1.0, +1, 2.0),
        ("log.every", 1.0, -1, 1.0),
        ("sample.count", 4.0, +1, 5.0),
        ("sample.count", 64.0, +1, 64.0),
    ],
)
def test_nudges(name: str, value: float, direction: int, expected: float) -> None:
    assert nudged(CONTROLS[name], value, direction) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "value", "direction", "expected"),
    [
        ("loss.cycle_a", 10.0, +1, 12.5),
        ("loss.cycle_a", 2.0, -1, 1.5),
        ("loss.cycle_a", 0.0, -1, 0.0),
        ("optim.lr_g", 2e-4, +1, 6.32e-4),
        ("log.every", 20.0, -1, 6.0),
        ("log.every", 1.0, +1, 6.0),
        ("sample.count", 4.0, +1, 9.0),
        ("sample.count", 4.0, -1, 1.0),
    ],
)
def test_coarse_nudges(name: str, value: float, direction: int, expected: float) -> None:
    assert nudged(CONTROLS[name], value, direction, coarse=True) == pytest.approx(expected)


@pytest.mark.parametrize("control", CONTROLS.values(), ids=list(CONTROLS))
def test_every_nudge_is_a_value_that_the_control_takes(control: Control) -> None:
    for direction, coarse in product((-1, +1), (False, True)):
        value = control.default
        for _ in range(200):
            value = nudged(control, value, direction, coarse=coarse)
            assert control.check(value) == value


def test_drafts() -> None:
    drafts = drafted({}, "a", 2.0, 1.0)
    assert drafted(drafts, "a", 1.0, 1.0) == {}
    assert outstanding({"a": 2.0, "b": 3.0, "gone": 1.0}, {"a": 2.0, "b": 1.0}) == {"b": 3.0}
    assert bounded(CONTROLS["optim.lr_g"], 7.0) == 1.0
