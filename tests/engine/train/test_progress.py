"""Steps a second without pauses, and the share of the time spent on data."""

from __future__ import annotations

import pytest

from engine.train.progress import Clock, Pace


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """A pace that was begun at second 100 of a clock that stands at 120."""
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    pace = Pace()
    clock[0] = 120.0
    return pace


def test_pauses_do_not_slow_it(pace: Pace) -> None:
    pace.steps, pace.waited, pace.held = 30, 3.0, 5.0
    assert pace.busy_seconds == 15.0
    assert pace.throughput == 2.0
    assert pace.data_wait == 0.2


def test_a_new_interval_begins_empty(pace: Pace) -> None:
    pace.steps, pace.waited, pace.held = 30, 3.0, 5.0
    pace.restart()
    assert (pace.steps, pace.waited, pace.held, pace.since) == (0, 0.0, 0.0, 120.0)
    assert pace.throughput == 0.0
    assert pace.data_wait == 0.0


def test_an_interval_of_pauses_alone_divides_by_no_zero(pace: Pace) -> None:
    pace.held = pace.waited = 20.0
    assert pace.data_wait == 1.0
    assert pace.throughput == 0.0


class Clocks:
    """A wall clock and a steady one, both set by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.set_by = 1.7e9

    def clock(self) -> Clock:
        return Clock(lambda: self.now + self.set_by, lambda: self.now)


def test_a_while_has_passed_at_first_and_then_only_when_it_has() -> None:
    clocks = Clocks()
    clock = clocks.clock()
    assert clock.passed(0.5)
    clocks.now += 0.4
    assert not clock.passed(0.5)
    clocks.now += 0.1
    assert clock.passed(0.5)
    clocks.set_by += 3600
    assert not clock.passed(0.5), "the wall clock does not matter"


@pytest.mark.parametrize("seconds", [-7200.0, 7200.0])
def test_a_clock_that_is_set_is_noticed_once(seconds: float) -> None:
    clocks = Clocks()
    clock = clocks.clock()
    clocks.now += 1e6
    assert clock.jump() == pytest.approx(0, abs=1e-3)
    clocks.set_by += seconds
    assert clock.jump() == pytest.approx(seconds)
    assert clock.jump() == pytest.approx(0, abs=1e-3)
