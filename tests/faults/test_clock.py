"""A clock that is set while a run trains: it is told, and nothing depends on it.

The clocks that the session reads are the seam: no test may set the machine's.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol import events as ev
from engine.train.loop import Ending, train
from engine.train.progress import Clock
from tests.engine.train.here import session_of
from tests.runs import course_of, events_of, make_run


class Clocks:
    """A wall clock that can be set, and one that cannot; a second passes each time that one is looked at."""

    def __init__(self) -> None:
        self.steady = 1000.0
        self.offset = 1.7e9

    def look(self) -> float:
        self.steady += 1.0
        return self.steady

    def wall(self) -> float:
        return self.steady + self.offset


@pytest.mark.parametrize(
    ("seconds", "said"), [(-3600.0, "went back by 3,600 s"), (86_400.0, "went forward by 86,400 s"), (2.0, "")]
)
def test_a_clock_that_is_set_is_told_and_training_goes_on(tmp_path: Path, seconds: float, said: str) -> None:
    run = make_run(tmp_path, "run.steps=8")
    clocks = Clocks()

    def set_the_clock(event: ev.Event) -> tuple[()]:
        if isinstance(event, ev.Metrics) and event.step == 4:
            clocks.offset += seconds
        return ()

    with session_of(run, script=set_the_clock) as session:
        session.clock = Clock(clocks.wall, clocks.look)
        assert train(session) is Ending.FINISHED
    alerts = events_of(run, ev.Alert)
    assert [alert.subject for alert in alerts] == ["the machine's clock"] * bool(said)
    assert all(said in alert.fact for alert in alerts)
    assert list(course_of(run)) == list(range(1, 9))
