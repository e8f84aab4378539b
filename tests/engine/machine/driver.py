"""A stand-in for NVIDIA's management library, with the functions that are asked of it."""

# ruff: noqa: N802

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from pynvml import (
    NVML_CLOCK_SM,
    NVML_TEMPERATURE_GPU,
    nvmlClocksThrottleReasonHwPowerBrakeSlowdown,
    nvmlClocksThrottleReasonHwSlowdown,
    nvmlClocksThrottleReasonHwThermalSlowdown,
    nvmlClocksThrottleReasonSwPowerCap,
    nvmlClocksThrottleReasonSwThermalSlowdown,
)

GIB = 2**30


class DriverError(Exception):
    """What the library raises."""


@dataclass
class FakeGpu:
    """A GPU, or a part of one; what is None its driver does not tell."""

    uuid: str
    index: int | None = 0
    name: str = "NVIDIA H200"
    busy: int | None = 97
    used: int = 41 * GIB
    celsius: int | None = 62
    milliwatts: int | None = 512_300
    clock: int | None = 1830
    reasons: int | None = 0
    part_of: FakeGpu | None = None


@dataclass
class FakeDriver:
    """NVML as a module has it."""

    gpus: list[FakeGpu] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    NVMLError = DriverError
    NVML_CLOCK_SM = NVML_CLOCK_SM
    NVML_TEMPERATURE_GPU = NVML_TEMPERATURE_GPU
    nvmlClocksThrottleReasonSwThermalSlowdown = nvmlClocksThrottleReasonSwThermalSlowdown
    nvmlClocksThrottleReasonHwThermalSlowdown = nvmlClocksThrottleReasonHwThermalSlowdown
    nvmlClocksThrottleReasonHwPowerBrakeSlowdown = nvmlClocksThrottleReasonHwPowerBrakeSlowdown
    nvmlClocksThrottleReasonHwSlowdown = nvmlClocksThrottleReasonHwSlowdown
    nvmlClocksThrottleReasonSwPowerCap = nvmlClocksThrottleReasonSwPowerCap

    def nvmlSystemGetDriverVersion(self) -> str:
        return "570.86.15"

    def nvmlSystemGetCudaDriverVersion(self) -> int:
        return 12080

    def nvmlDeviceGetCount(self) -> int:
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> FakeGpu:
        return self.gpus[index]

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> FakeGpu:
        self.asked.append(uuid)
        for gpu in self.gpus:
            if gpu.uuid == uuid:
                return gpu
        raise DriverError("Not Found")

    def nvmlDeviceIsMigDeviceHandle(self, gpu: FakeGpu) -> int:
        return int(gpu.part_of is not None)

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, gpu: FakeGpu) -> FakeGpu:
        return told(gpu.part_of)

    def nvmlDeviceGetIndex(self, gpu: FakeGpu) -> int:
        return told(gpu.index)

    def nvmlDeviceGetName(self, gpu: FakeGpu) -> str:
        return gpu.name

    def nvmlDeviceGetMemoryInfo(self, gpu: FakeGpu) -> Any:
        return SimpleNamespace(used=gpu.used, total=141 * GIB, free=141 * GIB - gpu.used)

    def nvmlDeviceGetUtilizationRates(self, gpu: FakeGpu) -> Any:
        return SimpleNamespace(gpu=told(gpu.busy), memory=30)

    def nvmlDeviceGetTemperature(self, gpu: FakeGpu, sensor: int) -> int:
        assert sensor == NVML_TEMPERATURE_GPU
        return told(gpu.celsius)

    def nvmlDeviceGetPowerUsage(self, gpu: FakeGpu) -> int:
        return told(gpu.milliwatts)

    def nvmlDeviceGetEnforcedPowerLimit(self, gpu: FakeGpu) -> int:
        return told(gpu.milliwatts) and 700_000

    def nvmlDeviceGetClockInfo(self, gpu: FakeGpu, kind: int) -> int:
        assert kind == NVML_CLOCK_SM
        return told(gpu.clock)

    def nvmlDeviceGetMaxClockInfo(self, gpu: FakeGpu, kind: int) -> int:
        assert kind == NVML_CLOCK_SM
        return told(gpu.clock) and 1980

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, gpu: FakeGpu) -> int:
        return told(gpu.reasons)


def told(value: Any) -> Any:
    """A value, unless the driver does not tell it."""
    if value is None:
        raise DriverError("Not Supported")
    return value
