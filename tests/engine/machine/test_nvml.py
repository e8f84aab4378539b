"""What is read of GPUs: those of the run, a part of one, one that tells little, and none at all."""

from __future__ import annotations

import pytest

from engine.machine.nvml import Gpus, NoGpuReadingsError
from engine.protocol.machine import Gpu
from tests.engine.machine.driver import GIB, FakeDriver, FakeGpu


def read(*gpus: FakeGpu, uuids: tuple[str, ...] = ("b",)) -> tuple[Gpu, ...]:
    return Gpus(FakeDriver(list(gpus)), uuids).read()


def test_the_gpus_of_the_run_are_read_and_no_others() -> None:
    others = [FakeGpu("GPU-a", index=0), FakeGpu("GPU-b", index=3), FakeGpu("GPU-c", index=5, celsius=88)]
    first, second = read(*others, uuids=("b", "c"))
    assert first == Gpu(
        index=3, name="NVIDIA H200", busy=0.97, memory=41 * GIB, memory_total=141 * GIB, celsius=62.0, watts=512.3,
        watts_most=700.0, clock=1830, clock_most=1980,
    )  # fmt: skip
    assert (second.index, second.celsius) == (5, 88.0)


def test_of_a_part_of_a_gpu_heat_power_and_clocks_are_those_of_the_whole() -> None:
    whole = FakeGpu("GPU-x", index=2, busy=50, celsius=71, used=90 * GIB)
    part = FakeGpu(
        "MIG-b", index=None, name="NVIDIA H200 MIG 1g.18gb", busy=None, used=3 * GIB, celsius=None, milliwatts=None,
        clock=None, reasons=None, part_of=whole,
    )  # fmt: skip
    [gpu] = read(whole, part)
    assert (gpu.index, gpu.name, gpu.busy) == (2, "NVIDIA H200 MIG 1g.18gb", None)
    assert (gpu.memory, gpu.celsius, gpu.watts, gpu.clock) == (3 * GIB, 71.0, 512.3, 1830)


def test_what_a_driver_does_not_tell_is_left_out_and_the_rest_is_told() -> None:
    [gpu] = read(FakeGpu("GPU-b", busy=None, celsius=None, milliwatts=None, clock=None, reasons=None))
    assert gpu == Gpu(index=0, name="NVIDIA H200", memory=41 * GIB, memory_total=141 * GIB)


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        ((), ()),
        (("SwThermal",), ("heat",)),
        (("Hw", "HwThermal", "SwThermal"), ("heat",)),
        (("Hw",), ("hardware",)),
        (("Hw", "HwPowerBrake"), ("power brake",)),
        (("SwPowerCap", "SwThermal"), ("heat", "power cap")),
    ],
)
def test_why_clocks_are_slow_is_said_in_words(reasons: tuple[str, ...], words: tuple[str, ...]) -> None:
    driver = FakeDriver()
    names = [f"{reason}Slowdown" if reason != "SwPowerCap" else reason for reason in reasons]
    bits = sum(getattr(driver, f"nvmlClocksThrottleReason{name}") for name in names)
    idle = 0x1  # is a reason too, and no fault
    [gpu] = read(FakeGpu("GPU-b", reasons=bits | idle))
    assert gpu.slowed == words


def test_a_gpu_that_the_driver_does_not_know_is_named() -> None:
    with pytest.raises(NoGpuReadingsError, match="does not know the GPU b"):
        read(FakeGpu("GPU-a"))
