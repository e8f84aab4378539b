"""Runs made to have a fault of their machine: it is told, held or ended as the preset says."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.config.sentinels import StuckSentinel
from engine.errors import GanTuiError
from engine.machine.watch import MachineWatch
from engine.protocol import events as ev
from engine.protocol.codec import decode_streamed
from engine.protocol.commands import Continue, Pause, WriteNote
from engine.protocol.machine import Gpu, Machine, Stuck
from engine.protocol.rundir import RunDirectory
from engine.train.loop import Ending, train
from engine.train.session import Session
from engine.train.step_clock import StepClock
from engine.train.stuck import StuckWatch
from tests.engine.train.here import Script, nothing_more, session_of
from tests.runs import events_of, make_run
from tests.until import PATIENCE

GB = 1_000_000_000
SLOW_IMAGES = 3.0
"""Seconds that a batch takes to be read, by the clock of the tests."""


class Hand:
    """A clock's hand, which moves when images are read and when a step is recorded."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class SlowImages:
    """Images that take their time."""

    def __init__(self, images: Any, hand: Hand) -> None:
        self._images = images
        self._hand = hand

    def __getattr__(self, name: str) -> Any:
        return getattr(self._images, name)

    def load(self, *arguments: Any, **named: Any) -> Any:
        self._hand.at += SLOW_IMAGES
        return self._images.load(*arguments, **named)


class Readings:
    """What the machine is at, reading by reading; the last of them again and again."""

    def __init__(self, *readings: Machine) -> None:
        self.left = list(readings)

    def begin(self) -> None:
        pass

    def read(self) -> Machine:
        newest = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return Machine(disk_free=newest.disk_free, gpus=newest.gpus)  # an object of its own, as each reading is


@contextmanager
def watched(run: RunDirectory, *readings: Machine, script: Script = nothing_more) -> Iterator[tuple[Session, Hand]]:
    """A run each of whose steps takes a second more, with a reading of the machine and a tick for each."""
    here: list[Session] = []
    hand = Hand()

    def at_each_line(event: ev.Event) -> Iterable[Any]:
        if isinstance(event, ev.Metrics):
            hand.at += 1.0
            here[0].machine.look()
        return script(event)

    with session_of(run, script=at_each_line) as session:
        here.append(session)
        session.machine = MachineWatch(Readings(*readings), seconds=3600.0)
        session.clock.passed = lambda seconds: True  # type: ignore[method-assign]
        session.steps = StepClock(hand)
        session.stuck = None
        yield session, hand


def told_of(run: RunDirectory) -> list[tuple[str, int]]:
    return [(alert.sentinel, alert.step) for alert in events_of(run, ev.Alert)]


def test_a_slow_loader_starves_the_loop_and_a_quick_one_does_not(tmp_path: Path) -> None:
    for name, slow in (("slow", True), ("quick", False)):
        run = make_run(tmp_path, "run.steps=40", "sentinel.starved.seconds=30", name=name)
        with watched(run, Machine()) as (session, hand):
            if slow:
                images: Any = SlowImages(session.source.images, hand)
                session.source = replace(session.source, images=images)
            assert train(session) is Ending.FINISHED
        assert [name for name, _ in told_of(run)] == (["starved"] if slow else [])
    [alert] = events_of(RunDirectory(tmp_path / "slow"), ev.Alert)
    assert alert.fact.startswith("is waited for 75% of the time over the last 3")
    assert alert.action == "warn"


def test_a_disk_that_fills_up_ends_the_run_with_a_checkpoint_where_that_is_wanted(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=40", "sentinel.disk.action=stop")
    readings = [Machine(disk_free=each * GB // 10) for each in (900, 20, 6, 4, 3)]
    with watched(run, *readings) as (session, _):
        assert train(session) is Ending.STOPPED
    [alert] = events_of(run, ev.Alert)
    assert (alert.sentinel, alert.subject, alert.action) == ("disk", "the disk", "stop")
    assert alert.suggestion == {"checkpoint.keep": 2.0}
    [stopped] = events_of(run, ev.Stopped)
    assert (stopped.by, stopped.saved) == ("sentinel disk", True)
    assert alert.step <= stopped.step <= alert.step + 1


@pytest.mark.parametrize("action", ["pause", "stop"])
def test_a_disk_that_others_fill_while_the_run_is_paused_is_told_and_holds_it_no_second_time(
    tmp_path: Path, action: str
) -> None:
    run = make_run(tmp_path, "run.steps=4", f"sentinel.disk.action={action}")
    disk = Readings(Machine(disk_free=90 * GB))
    here: list[Session] = []

    def script(event: ev.Event) -> Iterable[Any]:
        match event:
            case ev.Metrics(step=2):
                yield Pause()
            case ev.Paused() | ev.Note():
                disk.left = [Machine(disk_free=GB // 10)]
                here[0].machine.look()
                yield WriteNote(text="still paused")
            case ev.Alert():
                yield from (Continue(),) if action == "pause" else ()

    with watched(run, Machine(), script=script) as (session, _):
        session.machine = MachineWatch(disk, seconds=3600.0)
        here.append(session)
        assert train(session) is (Ending.FINISHED if action == "pause" else Ending.STOPPED)
    [paused] = events_of(run, ev.Paused)
    assert told_of(run) == [("disk", paused.step)]
    assert paused.by == "test"
    assert [event.by for event in events_of(run, ev.Stopped)] == (["sentinel disk"] if action == "stop" else [])


def test_a_gpu_that_is_too_hot_holds_the_run_where_that_is_wanted(tmp_path: Path) -> None:
    settings = ("run.steps=12", "sentinel.throttled.action=pause", "sentinel.throttled.seconds=6")
    run = make_run(tmp_path, *settings)
    hot = Machine(gpus=(Gpu(index=3, busy=0.9, clock=900, clock_most=1980, celsius=91.0, slowed=("heat",)),))
    cool = Machine(gpus=(Gpu(index=3, busy=0.9, clock=1965, clock_most=1980, celsius=70.0),))

    def go_on(event: ev.Event) -> Iterable[Any]:
        return [Continue()] if isinstance(event, ev.Paused) else []

    with watched(run, cool, cool, hot, hot, hot, cool, script=go_on) as (session, _):
        assert train(session) is Ending.FINISHED
    [paused] = events_of(run, ev.Paused)
    assert paused.by == "sentinel throttled"
    assert told_of(run) == [("throttled", 5)]
    [over] = events_of(run, ev.Recovered)
    assert (over.sentinel, over.subject) == ("throttled", "gpu 3")


# --------------------------------------------------------------------------------------------------- a stuck step


class Told:
    """What a watch says."""

    def __init__(self) -> None:
        self.hand = Hand()
        self.clock = StepClock(self.hand)
        self.said: list[Stuck] = []
        self.ended: list[GanTuiError] = []

    def watch(self, **settings: Any) -> StuckWatch:
        return StuckWatch("r", StuckSentinel(**settings), self.clock, self.said.append, self.ended.append)

    def steps(self, number: int, seconds: float) -> None:
        for _ in range(number):
            self.clock.begin_step()
            self.hand.at += seconds
            self.clock.turn_to("compute")
        self.clock.begin_step()


def test_a_step_is_stuck_once_it_is_beyond_both_bounds_and_is_told_of_until_it_is_over() -> None:
    told = Told()
    watch = told.watch()
    told.steps(10, 10.0)
    for seconds in (0.0, 119.0, 80.0):  # 199 s so far: beyond the seconds, and not 20 times the usual
        told.hand.at += seconds
        watch.look()
    assert told.said == []
    told.hand.at += 5.0
    watch.look()
    told.hand.at += 2.0
    watch.look()
    assert told.said == [Stuck(seconds=204.0, usual=10.0, phase="data"), Stuck(seconds=206.0, usual=10.0, phase="data")]
    assert watch.over() is None
    told.steps(1, 1.0)
    assert watch.over() == told.said[-1]
    assert watch.over() is None
    watch.look()
    assert len(told.said) == 2
    assert told.ended == []


def test_the_first_steps_and_pauses_are_never_stuck() -> None:
    told = Told()
    watch = told.watch(seconds=1, times=2.0)
    told.steps(5, 1.0)
    told.hand.at += 1e6
    watch.look()
    told.steps(10, 1.0)
    told.clock.turn_to("held")
    told.hand.at += 1e6
    watch.look()
    assert told.said == []


def test_the_run_is_ended_once_where_that_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    told = Told()
    watch = told.watch(action="stop")
    told.steps(10, 0.5)
    told.hand.at += 121.0
    watch.look()
    assert told.ended == [], "the process may have been stopped, and go on now"
    told.hand.at += 2.0
    watch.look()
    watch.look()
    [reason] = told.ended
    assert reason.fact == "does not end: it has been waiting for data, for 123 s in all; 0.5 s are usual"
    assert reason.fix.endswith("then: gan-tui resume r")
    [logged] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "waiting for data" in logged.getMessage()


def test_a_step_that_a_stopped_process_was_in_is_told_of_and_ends_nothing() -> None:
    told = Told()
    watch = told.watch(action="stop")
    told.steps(10, 0.5)
    told.hand.at += 3600.0
    watch.look()
    told.steps(1, 0.5)
    watch.look()
    assert len(told.said) == 1
    assert told.ended == []


def test_viewers_are_told_while_the_loop_is_stuck_and_the_journal_afterwards(tmp_path: Path) -> None:
    """The loop is held up in reading its images until the watch, on its own thread, has told of it."""
    run = make_run(tmp_path, "run.steps=14", "sentinel.stuck.times=2", "sentinel.stuck.seconds=1")
    streamed = threading.Event()
    here: list[Session] = []

    class HungImages(SlowImages):
        def load(self, *arguments: Any, **named: Any) -> Any:
            if here and here[0].progress.step == 10:
                self._hand.at += 50.0
                assert streamed.wait(PATIENCE)
            self._hand.at += 0.1
            return self._images.load(*arguments, **named)

    with session_of(run) as session:
        hand = Hand()
        session.steps = StepClock(hand)
        session.clock.passed = lambda seconds: True  # type: ignore[method-assign]
        told = session.stuck
        assert told is not None
        ticks: list[ev.Tick] = []

        def publish(line: bytes) -> None:
            message = decode_streamed(line)
            if isinstance(message, ev.Tick) and message.stuck is not None:
                ticks.append(message)
                streamed.set()

        session.link.publish = publish  # type: ignore[method-assign]
        told._steps, told._seconds = session.steps, 0.01
        images: Any = HungImages(session.source.images, hand)
        session.source = replace(session.source, images=images)
        here.append(session)
        assert train(session) is Ending.FINISHED
    assert ticks[0].stuck is not None
    assert (ticks[0].step, ticks[0].stuck.phase, ticks[0].stuck.seconds) == (10, "data", pytest.approx(50.0, abs=0.2))
    [alert] = events_of(run, ev.Alert)
    assert (alert.sentinel, alert.step) == ("stuck", 12)
    assert alert.fact.startswith("took more than 50 s, 0.1 s are usual; it was waiting for data")
    [over] = events_of(run, ev.Recovered)
    assert over.sentinel == "stuck"
