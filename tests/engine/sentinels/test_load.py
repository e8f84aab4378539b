"""What sentinels say of the machine: each finds its fault, told once, and is quiet over a healthy one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from engine.config.sentinels import DiskSentinel, SentinelConfig, StarvedSentinel, ThrottledSentinel
from engine.protocol.machine import Gpu, Machine
from engine.sentinels.finding import Finding
from engine.sentinels.load import Load, Starvation, judge_clocks, judge_disk
from engine.sentinels.posts import machine_sentries
from engine.sentinels.sentry import Relief

MB = 1_000_000


def told(loads: Iterable[Load], config: SentinelConfig | None = None) -> list[tuple[str, int, bool]]:
    """Which sentinel told at which reading, and whether that it is over."""
    sentries = machine_sentries(config or SentinelConfig())
    found = []
    for number, load in enumerate(loads):
        for sentry in sentries:
            word = sentry.look(load, number)
            if word is not None:
                found.append((sentry.name, number, isinstance(word, Relief)))
    return found


def loads(waits: Iterable[float], **more: object) -> list[Load]:
    """Readings every two seconds, in which the loop waited for data for such shares of the time."""
    data = rest = 0.0
    found = []
    for share in waits:
        data, rest = data + 2 * share, rest + 2 * (1 - share)
        found.append(Load(machine=Machine(), spent={"data": data, "compute": rest}, **more))  # type: ignore[arg-type]
    return found


def gpu(clock: int = 1965, *slowed: str, busy: float | None = 0.97, index: int = 0) -> Gpu:
    return Gpu(index=index, busy=busy, clock=clock, clock_most=1980, celsius=84.0, slowed=slowed)


def test_a_loop_that_waits_for_its_data_is_told_of_once_and_when_it_is_over() -> None:
    assert told(loads([0.01] * 60 + [0.7] * 60 + [0.0] * 60)) == [("starved", 72, False), ("starved", 146, True)]
    judge = Starvation(StarvedSentinel(), "More workers.")
    finding = [judge(load) for load in loads([0.5] * 40)]
    assert finding[29] == "unknown"
    assert isinstance(finding[30], Finding)
    assert finding[30].fact == "is waited for 50% of the time over the last 60 s of training"
    assert finding[30].fix == "More workers."


def test_a_short_wait_and_the_first_epoch_of_images_that_are_kept_are_no_starvation() -> None:
    assert told(loads([0.0] * 60 + [0.9] * 9 + [0.0] * 60)) == []
    assert told(loads([0.9] * 100, filling=True)) == []


@pytest.mark.parametrize(
    ("free", "checkpoint", "faulty"),
    [(501, 0, False), (499, 0, True), (1001, 500, False), (999, 500, True), (501, 10, False)],
)
def test_a_disk_is_scarce_by_what_is_left_and_by_the_checkpoints_that_fit(
    free: int, checkpoint: int, faulty: bool
) -> None:
    found = judge_disk(DiskSentinel(), Load(machine=Machine(disk_free=free * MB), checkpoint=checkpoint * MB))
    assert isinstance(found, Finding) is faulty
    if isinstance(found, Finding) and checkpoint:
        assert found.fact == "has 999 MB left where the run directory lies, room for 1 of its checkpoints"
        assert [remedy.controls for remedy in found.remedies] == [("checkpoint.keep",)]


def test_a_disk_that_fills_up_is_told_of_until_there_is_room_again() -> None:
    free = [900, 600, 400, 300, 200, 800, 900, 900, 900]
    assert told([Load(machine=Machine(disk_free=each * MB)) for each in free]) == [
        ("disk", 3, False),
        ("disk", 6, True),
    ]
    assert judge_disk(DiskSentinel(), Load(machine=Machine())) == "unknown"


@pytest.mark.parametrize(
    ("gpus", "found"),
    [
        ((gpu(),), "well"),
        ((gpu(1100),), "well"),  # slow, and nothing holds it down: somebody has set its clocks
        ((gpu(1700, "power cap"),), "well"),  # as every GPU at its limit
        ((gpu(300, "heat", busy=0.0),), "unknown"),
        ((Gpu(index=0, slowed=("heat",)),), "unknown"),
        ((), "unknown"),
        ((gpu(), gpu(1100, "power cap", "heat", index=1)), "gpu 1: is slowed down (heat: 1,100 of 1,980 MHz, 84 °C)"),
        ((gpu(900, "power brake", busy=None),), "gpu 0: is slowed down (power brake: 900 of 1,980 MHz, 84 °C)"),
    ],
)
def test_a_gpu_is_throttled_where_it_has_work_and_is_held_at_a_low_clock(gpus: tuple[Gpu, ...], found: str) -> None:
    said = judge_clocks(ThrottledSentinel(), Load(machine=Machine(gpus=gpus)))
    assert (f"{said.subject}: {said.fact}" if isinstance(said, Finding) else said) == found


def test_a_gpu_that_stays_hot_is_told_of_after_a_minute_and_one_that_was_for_a_moment_is_not() -> None:
    hot, cool = Machine(gpus=(gpu(1100, "heat"),)), Machine(gpus=(gpu(),))
    readings = [cool] * 5 + [hot] * 20 + [cool] + [hot] * 40 + [cool] * 40
    assert told([Load(machine=machine) for machine in readings]) == [("throttled", 55, False), ("throttled", 95, True)]


def test_what_is_off_does_not_watch() -> None:
    config = SentinelConfig(
        starved=StarvedSentinel(action="off"),
        disk=DiskSentinel(action="off"),
        throttled=ThrottledSentinel(action="off"),
    )
    assert machine_sentries(config) == []
    assert [sentry.action for sentry in machine_sentries(SentinelConfig(disk=DiskSentinel(action="stop")))] == [
        "warn", "stop", "warn",
    ]  # fmt: skip
