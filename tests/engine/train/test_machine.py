"""What a run says of its machine: on file with its lines of metrics, and live also while it is paused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.machine.watch import MachineWatch
from engine.protocol import events as ev
from engine.protocol.codec import decode_streamed
from engine.protocol.machine import Machine
from engine.train.loop import Ending, train
from engine.train.reporting import begin_line, finish_line, tick
from engine.train.session import Session
from tests.engine.train.here import session_of
from tests.runs import make_run, metrics_of


class Numbered:
    """Readings of 1, 2, 3 ... cores."""

    def __init__(self) -> None:
        self.made = 0

    def begin(self) -> None:
        pass

    def read(self) -> Machine:
        self.made += 1
        return Machine(cores=self.made)


def ticks_of(session: Session) -> list[ev.Tick]:
    """What is streamed and not recorded."""
    sent = [decode_streamed(frames[1]) for name, frames in session.link._outbox if name == "events"]
    return [message for message in sent if isinstance(message, ev.Tick)]


def test_each_reading_is_recorded_once_with_the_steps_since_the_one_before(tmp_path: Path) -> None:
    """The thread's place is taken by the record: a reading is made as every third line is written."""
    run = make_run(tmp_path, "run.steps=12")
    here: list[Session] = []

    def read(event: ev.Event) -> Iterable[object]:
        if isinstance(event, ev.Metrics) and event.step % 3 == 0:
            here[0].machine.look()
        return ()

    with session_of(run, script=read) as session:  # type: ignore[arg-type]
        here.append(session)
        session.machine = MachineWatch(Numbered(), seconds=3600.0)
        assert train(session) is Ending.FINISHED
    said = {line.step: line.machine for line in metrics_of(run) if line.machine}
    assert {step: machine.cores for step, machine in said.items()} == {4: 1, 7: 2, 10: 3}
    times = [machine.steps for machine in said.values() if machine.steps]
    assert [each.steps for each in times] == [3, 3, 3]
    for each in times:
        assert 0 < each.fastest <= each.median <= each.slowest
        assert each.phases["compute"] > 0
        assert sum(each.phases.values()) == pytest.approx(each.steps * each.median, rel=2)


def test_a_tick_tells_a_reading_once_and_leaves_the_steps_to_the_record(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with session_of(run) as session:
        session.machine = MachineWatch(Numbered(), seconds=3600.0)
        session.clock.passed = lambda seconds: True  # type: ignore[method-assign]
        tick(session)
        session.steps.begin_step()
        session.steps.begin_step()
        session.machine.look()
        tick(session)
        tick(session)
        session.machine.look()
        tick(session)
        begin_line(session)
        finish_line(session)
        told = [message.machine for message in ticks_of(session)]
    assert [None if machine is None else machine.cores for machine in told] == [None, 1, None, 2]
    assert [machine.steps.steps for machine in told if machine and machine.steps] == [1, 1]
    [line] = metrics_of(run)
    assert line.machine is not None
    assert line.machine.steps is not None
    assert (line.machine.cores, line.machine.steps.steps) == (2, 1)
