"""A reading of host and GPUs, and the thread that makes one now and then."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil
import pytest

from engine.machine.host import Host, Room
from engine.machine.nvml import Library, NoGpuReadingsError, load_library
from engine.machine.readings import Readings
from engine.machine.watch import MachineWatch
from engine.protocol.machine import Machine
from tests.engine.machine.driver import FakeDriver, FakeGpu
from tests.until import PATIENCE


def without_driver() -> Library:
    raise NoGpuReadingsError("NVML Shared Library Not Found")


def test_the_host_is_read_as_it_is(tmp_path: Path) -> None:
    machine = Readings(tmp_path, ()).read()
    assert machine.cores == psutil.cpu_count()
    assert machine.cpu is not None
    assert 0 <= machine.cpu <= 1
    assert machine.memory_total is not None
    assert machine.memory is not None
    assert machine.rss is not None
    assert 0 < machine.rss < machine.memory_total
    assert 0 < machine.memory <= machine.memory_total
    assert machine.disk_free == pytest.approx(psutil.disk_usage(str(tmp_path)).free, rel=0.1)
    assert (machine.gpus, machine.gpu_trouble, machine.steps) == ((), "", None)


def test_a_disk_that_cannot_be_asked_is_left_out() -> None:
    def gone(folder: Path) -> Room:
        raise OSError("stale file handle")

    assert Host(Path("/"), gone).read().disk_free is None
    assert Host(Path("/"), lambda folder: Room(5, 9)).read().disk_free == 5


def test_gpus_are_read_where_the_run_uses_some_and_else_their_driver_is_not_asked(tmp_path: Path) -> None:
    driver = FakeDriver([FakeGpu("GPU-b")])
    assert Readings(tmp_path, ("b",), library=lambda: driver).read().gpus[0].celsius == 62
    assert Readings(tmp_path, (), library=without_driver).read().gpu_trouble == ""


def test_why_the_gpus_cannot_be_read_is_said(tmp_path: Path) -> None:
    machine = Readings(tmp_path, ("b",), library=without_driver).read()
    assert (machine.gpus, machine.gpu_trouble) == ((), "NVML Shared Library Not Found")
    machine = Readings(tmp_path, ("b",), library=FakeDriver).read()
    assert machine.gpu_trouble.startswith("NVML does not know the GPU b")


@pytest.mark.skipif(Path("/proc/driver/nvidia").exists(), reason="this machine has NVIDIA's driver")
def test_the_true_library_says_that_there_is_no_driver() -> None:
    with pytest.raises(NoGpuReadingsError, match="Not Found"):
        load_library()


class Source:
    """Makes readings of 1, 2, 3 ... cores, and fails in between."""

    def __init__(self, failures: int = 0) -> None:
        self.made = 0
        self.failures = failures
        self.enough = threading.Event()

    def begin(self) -> None:
        self.thread = threading.current_thread().name

    def read(self) -> Machine:
        self.made += 1
        if self.made >= 3:
            self.enough.set()
        if self.made <= self.failures:
            raise RuntimeError("the sensor is gone")
        return Machine(cores=self.made)


def test_readings_are_made_on_a_thread_until_it_is_closed_and_one_that_fails_does_not_end_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = Source(failures=2)
    with MachineWatch(source, seconds=0.001) as watch:
        assert source.enough.wait(PATIENCE)
    assert source.thread == "machine"
    assert [record.message for record in caplog.records] == ["machine: nothing could be read"]
    watch.look()
    assert watch.newest is not None
    assert watch.newest.cores >= 3
