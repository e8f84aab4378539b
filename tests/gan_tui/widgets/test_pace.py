"""The machine strip: what it says of a machine at work, of one with a fault, and of one that nobody read."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from engine.protocol.machine import Machine, Stuck
from gan_tui.state.machine import Save
from gan_tui.state.run_view import RunView
from gan_tui.widgets.pace import PacePane
from tests.gan_tui import machines

AT_WORK = RunView(
    name="horse2zebra", link="live", state="training", throughput=61.0, images=49_200,
    machine=machines.reading(0.0, Random(0)),
    step_times=machines.step_times(Random(0)), parameters={"G_A": 11_378_179},
    saves=tuple(Save(time=100.0 * place, size=339_000_000, removed=0) for place in range(3)),
)  # fmt: skip


def text(view: RunView, width: int = 60) -> list[str]:
    pane = PacePane()
    pane.show(view)
    return ["".join(text for text, _ in line).rstrip() for line in pane.lines(width)]


def changed(**changes: object) -> RunView:
    assert AT_WORK.machine is not None
    return replace(AT_WORK, machine=replace(AT_WORK.machine, **changes))


def test_a_machine_at_work() -> None:
    gpu, step, host, disk, images, networks = text(AT_WORK)
    assert gpu.startswith("gpu   97% █")
    assert "41/151 GB" in gpu
    assert step.startswith("step 16.1 ms  data wait 1% ░")
    assert host.endswith("ram 61.4/540 GB")
    assert disk == "disk 412 GB free   1,215 more checkpoints of 339 MB: 1d 9h"
    assert images == "images   49,200 of each domain"
    assert networks == "networks G_A 11.4M"


@pytest.mark.parametrize("width", [30, 51, 60, 78, 120])
def test_bars_take_the_room_that_is_left(width: int) -> None:
    several = replace(AT_WORK, machine=machines.several(0.0, Random(0)))
    for view in (AT_WORK, several, changed(gpus=(), gpu_trouble="NVML Shared Library Not Found")):
        if width >= 51:
            assert max(map(len, text(view, width))) <= width
        assert text(view, width)


def test_every_fault_has_a_sign() -> None:
    hot = machines.h200(0.0, Random(0), slowed=("heat",))
    starved = replace(AT_WORK, step_times=machines.step_times(Random(0), starved=True))
    stuck = replace(AT_WORK, stuck=Stuck(seconds=125.0, usual=0.016, phase="data"))
    assert text(changed(gpus=(hot,)))[0].endswith("! heat")
    assert "! 149/151 GB" in text(changed(gpus=(replace(hot, memory=149_000_000_000),)))[0]
    assert "data wait ! 38%" in text(starved)[1]
    assert text(stuck)[1] == "step ! stuck for 2m 05s in data wait"
    assert text(changed(disk_free=500_000_000))[3].startswith("disk ! 500 MB free   1 more checkpoints")
    assert text(changed(gpus=(), gpu_trouble="no driver"))[0] == "gpu  ! no driver"


def test_without_readings_the_lines_of_metrics_speak() -> None:
    old = RunView(name="old", throughput=50.0, data_wait=0.25, images=7)
    assert [line.partition("░")[0].rstrip("█ ") for line in text(old)] == [
        "step 20.0 ms  data wait ! 25%", "images   7 of each domain", "networks",
    ]  # fmt: skip
    assert text(RunView(name="new"))[0] == "step –"
    assert text(changed(gpus=()))[0].startswith("step 16.1 ms")
    bare = text(replace(AT_WORK, machine=Machine()))
    assert bare[1].startswith("cpu     – ")
    assert bare[2] == "disk – free"


def test_of_a_paused_run_no_rate_is_shown_and_what_room_there_is_once_a_minute() -> None:
    pane = PacePane()

    def shown(seconds: float, **changes: object) -> list[str]:
        pane.show(replace(changed(**changes), state="paused", machine_time=seconds))
        return ["".join(text for text, _ in line).rstrip() for line in pane.lines(60)]

    at_rest = shown(1000.0)
    assert at_rest[:4] == [
        "gpu     –   41/151 GB", "cpu     –   ram 61.4/540 GB",
        "disk 412 GB free   1,215 more checkpoints of 339 MB", "step – paused",
    ]  # fmt: skip
    assert shown(1002.0, cpu=0.07, disk_free=100_000_000_000) == at_rest
    scarce = shown(1004.0, disk_free=1_000_000_000)
    assert scarce[2].startswith("disk ! 1.0 GB free")
    assert shown(1063.0, disk_free=900_000_000) == scarce
    assert shown(1064.0, disk_free=900_000_000)[2].startswith("disk ! 900 MB free")
    pane.show(AT_WORK)
    assert pane.lines(60)[0][1] == (" 97% ", "pace--value")
