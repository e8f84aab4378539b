"""How long steps took, and what on, by a clock that is set by hand."""

from __future__ import annotations

import random
from statistics import median

import pytest

from engine.train.step_clock import USUAL_FROM, USUAL_OVER, StepClock


class Hand:
    """A clock's hand."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.clock = StepClock(lambda: self.at)

    def step(self, data: float, compute: float) -> None:
        """A step that waits for its batch, and computes."""
        self.clock.begin_step()
        self.at += data
        self.clock.turn_to("compute")
        self.at += compute
        self.clock.turn_to("other")


@pytest.fixture
def hand() -> Hand:
    return Hand()


def test_steps_and_their_phases_are_summed_until_they_are_cleared(hand: Hand) -> None:
    hand.at += 60.0  # starting up is no part of a step
    for data in (0.1, 0.2, 0.6):
        hand.step(data, 1.0)
    hand.clock.begin_step()
    told = hand.clock.summary()
    assert told is not None
    assert (told.steps, told.fastest, told.slowest) == (3, pytest.approx(1.1), pytest.approx(1.6))
    assert told.median == pytest.approx(1.2, rel=0.01)
    assert told.phases["data"] == pytest.approx(0.9)
    assert told.phases["compute"] == pytest.approx(3.0)
    assert sum(told.phases.values()) == pytest.approx(3.9)
    hand.clock.clear()
    assert hand.clock.summary() is None
    assert hand.clock.spent() == {phase: pytest.approx(seconds) for phase, seconds in told.phases.items()}
    hand.at += 5.0
    hand.clock.begin_step()
    assert (again := hand.clock.summary()) is not None
    assert (again.steps, again.slowest) == (1, pytest.approx(5.0))


def test_a_pause_is_no_part_of_a_step(hand: Hand) -> None:
    hand.step(0.5, 1.0)
    hand.clock.turn_to("held")
    assert hand.clock.seconds_in_step is None
    hand.at += 3600.0
    hand.clock.turn_to("other")
    assert hand.clock.seconds_in_step == pytest.approx(1.5)
    hand.clock.begin_step()
    told = hand.clock.summary()
    assert told is not None
    assert told.slowest == pytest.approx(1.5)
    assert sum(told.phases.values()) == pytest.approx(1.5)


def test_the_median_of_many_steps_is_close_and_takes_little_room(hand: Hand) -> None:
    draw = random.Random(0)
    lengths = [draw.lognormvariate(-4, 0.8) for _ in range(20_001)]
    for length in lengths:
        hand.step(0.0, length)
    hand.clock.begin_step()
    told = hand.clock.summary()
    assert told is not None
    assert told.median == pytest.approx(median(lengths), rel=0.01)
    assert (told.fastest, told.slowest) == (pytest.approx(min(lengths), rel=1e-4), pytest.approx(max(lengths)))
    assert len(hand.clock._classes) < 1000


def test_what_is_usual_is_known_after_a_while_and_follows_the_newest_steps(hand: Hand) -> None:
    for _ in range(USUAL_FROM):
        assert hand.clock.usual is None
        hand.step(0.0, 1.0)
    hand.clock.begin_step()
    assert hand.clock.usual == pytest.approx(1.0)
    for _ in range(USUAL_OVER):
        hand.step(0.0, 3.0)
    assert hand.clock.usual == pytest.approx(3.0)


def test_at_no_moment_is_a_pause_that_ends_taken_for_a_long_step(hand: Hand) -> None:
    """Another thread may look between any two of the clock's own moves."""
    seen: list[float | None] = []

    class Watched(StepClock):
        def __setattr__(self, name: str, value: object) -> None:
            if "_began" in self.__dict__:
                seen.append(self.seconds_in_step)
            super().__setattr__(name, value)
            if "_began" in self.__dict__:
                seen.append(self.seconds_in_step)

    hand.clock = Watched(lambda: hand.at)
    hand.step(0.5, 1.0)
    hand.clock.turn_to("held")
    hand.at += 3600.0
    hand.clock.turn_to("other")
    assert max(seconds for seconds in seen if seconds is not None) == pytest.approx(1.5)
    assert hand.clock.seconds_in_step == pytest.approx(1.5)
