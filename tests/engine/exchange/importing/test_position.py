"""Where imported weights stand, and how that is known."""

from __future__ import annotations

import pytest

from engine.exchange.importing.position import Told, position_of


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (Told(step=7, by="--step"), "Step 7 by --step."),
        (Told(step=7, by="the exported files"), "Step 7 by the exported files."),
    ],
)
def test_a_step_is_known_by_whoever_told_it(told: Told, why: str) -> None:
    position = position_of(told, epoch=None, batch=4, scale=None, last=None)
    assert (position.step, position.images, position.why) == (7, 28, why)


def test_steps_that_nobody_told_are_counted_from_0() -> None:
    position = position_of(None, epoch=None, batch=1, scale=None, last=None)
    assert (position.step, position.epoch_in_progress) == (0, 1)
    assert "--step says it" in position.why
