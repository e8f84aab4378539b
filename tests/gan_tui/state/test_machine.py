"""The machine's readings over time, in the view, and how long its disk lasts."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.protocol import events as ev
from engine.protocol.machine import Gpu, Machine, StepTimes, Stuck
from gan_tui.state.absorb import absorb
from gan_tui.state.history import History
from gan_tui.state.machine import MachineHistory, Save, outlook, readings_of
from gan_tui.state.run_view import RunView
from tests.gan_tui.recorded import Recording

GIB = 2**30


def machine(cpu: float, steps: StepTimes | None = None, gpus: tuple[Gpu, ...] = ()) -> Machine:
    return Machine(cpu=cpu, cores=8, memory=4 * GIB, memory_total=16 * GIB, steps=steps, gpus=gpus)


def line(step: int, reading: Machine | None, time: float | None = None) -> ev.Metrics:
    made = Recording().metrics(step, machine=reading)
    return ev.Metrics(
        **{name: getattr(made, name) for name in made.__struct_fields__} | {"seq": step, "time": time or float(step)}
    )


def test_of_several_gpus_each_reading_is_what_a_user_asks_about_them_together() -> None:
    gpus = (
        Gpu(index=0, busy=0.9, memory=10 * GIB, memory_total=40 * GIB, celsius=60.0, watts=200.0),
        Gpu(index=1, busy=0.5, memory=30 * GIB, memory_total=40 * GIB, celsius=81.0, watts=310.0),
    )
    found = readings_of(machine(0.25, gpus=gpus))
    assert found == {
        "gpu busy": pytest.approx(0.7), "gpu memory": 0.5, "gpu heat": 81.0, "gpu power": 510.0, "cpu": 0.25,
        "memory": 0.25,
    }  # fmt: skip
    told_little = readings_of(Machine(gpus=(Gpu(index=0, celsius=40.0),)))
    assert told_little == {"gpu heat": 40.0}


def test_readings_are_seen_in_time_and_a_gap_stays_one() -> None:
    history = MachineHistory()
    for second in (0, 2, 4, 20, 22):
        history.record(line(second + 1, machine(second / 100), time=100.0 + second))
        history.record(line(second + 2, None, time=100.5 + second))
    assert history.extent() == (100.0, 122.0)
    spans = history.decimate(["cpu", "gpu busy"], 100.0, 124.0, 6)
    assert [(span.low, span.high) if span.finite else None for span in spans["cpu"]] == [
        (0.0, 0.02), (0.04, 0.04), None, None, None, (0.2, 0.22),
    ]  # fmt: skip
    assert not any(span.finite or span.holes for span in spans["gpu busy"])


def test_a_long_course_is_bounded_and_keeps_its_extremes_and_its_newest_part_as_it_was() -> None:
    history = MachineHistory(capacity=16)
    for number in range(1000):
        history.record(line(number + 1, machine(1.0 if number == 333 else 0.1), time=2.0 * number))
    [whole] = history.decimate(["cpu"], 0.0, 1998.0, 1)["cpu"]
    assert (whole.low, whole.high, whole.finite) == (0.1, 1.0, 1000)
    newest = history.decimate(["cpu"], 1979.0, 1999.0, 10)["cpu"]
    assert [span.finite for span in newest] == [1] * 10
    assert len(history._recent) < 100
    assert len(history._buckets) <= 16


def test_times_rise_though_the_engines_clock_was_set_back() -> None:
    history = MachineHistory()
    for step, time in ((1, 5000.0), (2, 5002.0), (3, 1402.0), (4, 1404.0)):
        history.record(line(step, machine(0.5), time=time))
    assert history.extent() == (5000.0, 5004.0)


def test_a_history_that_is_adopted_brings_its_readings() -> None:
    history, read = History(), History()
    read.record(line(1, machine(0.5)))
    version = history.machine.version
    history.adopt(read)
    assert history.machine.extent() == (1.0, 1.0)
    assert history.machine.version > version


def test_the_view_has_the_newest_reading_though_later_lines_have_none() -> None:
    times = StepTimes(steps=9, fastest=0.01, median=0.02, slowest=0.03)
    view = absorb(RunView(name="r"), History(), [line(1, machine(0.1)), line(2, machine(0.2, times)), line(3, None)])
    assert (view.machine and view.machine.cpu, view.machine_time, view.step) == (0.2, 2.0, 3)
    assert view.step_times == times
    tick = ev.Tick(step=3, epoch=1, throughput=1.0, state="paused", time=50.0, last_seq=3, machine=machine(0.7))
    view = absorb(view, History(), [tick])
    assert (view.machine and view.machine.cpu, view.machine_time, view.step_times) == (0.7, 50.0, times)


def test_a_step_that_is_stuck_is_so_until_the_loop_says_anything() -> None:
    stuck = Stuck(seconds=130.0, usual=0.1, phase="data")
    tick = ev.Tick(step=3, epoch=1, throughput=1.0, state="training", time=50.0, last_seq=3, stuck=stuck)
    told = absorb(RunView(name="r"), History(), [line(3, None), tick])
    assert told.stuck == stuck
    assert absorb(told, History(), [line(4, None)]).stuck is None
    moved = ev.Tick(step=4, epoch=1, throughput=1.0, state="training", time=51.0, last_seq=3)
    assert absorb(told, History(), [moved]).stuck is None


def run_with(*saves: tuple[float, int], **fields: object) -> RunView:
    made = tuple(Save(time=time, size=10, removed=removed) for time, removed in saves)
    return replace(RunView(name="r", link="live", state="training", saves=made), **fields)


@pytest.mark.parametrize(
    ("view", "seconds", "steady"),
    [
        (run_with((0, 0)), None, False),
        (run_with((0, 0), (1.7, 0)), None, False),
        (run_with((0, 0), (60, 0), (120, 0)), 600.0, False),
        (run_with((0, 0), (60, 0), (61, 0), (121, 0), (9121, 0), (9181, 0)), 600.0, False),
        (run_with((0, 0), (60, 1), (120, 1)), None, True),
        (run_with((0, 1), (60, 1), (120, 0)), None, False),
        (run_with((0, 0), (60, 0), (120, 0), state="paused"), None, False),
        (run_with((0, 0), (60, 0), (120, 0), link="record", state="finished"), None, False),
        (run_with((0, 0), (60, 0), (120, 0), link="lost"), None, False),
    ],
    ids=[
        "the first", "a distance is no rate yet", "each is kept", "one was asked for, and once nothing trained",
        "each takes another's place", "most do", "paused", "finished", "lost",
    ],
)  # fmt: skip
def test_how_long_the_disk_lasts(view: RunView, seconds: float | None, steady: bool) -> None:
    found = outlook(100, view)
    assert found is not None
    assert (found.size, found.fit, found.seconds, found.steady) == (10, 10, seconds, steady)


def test_before_a_checkpoint_or_where_the_room_is_not_known_nothing_is_said_of_it() -> None:
    assert outlook(100, run_with()) is None
    assert outlook(None, run_with((0, 0))) is None
