"""Reads the GPUs that a run uses from NVIDIA's management library."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from engine.protocol.machine import Gpu

Library: TypeAlias = Any
"""The module pynvml, or what stands in for it: its functions have no types."""

SLOWED = (
    ("nvmlClocksThrottleReasonSwThermalSlowdown", "heat"),
    ("nvmlClocksThrottleReasonHwThermalSlowdown", "heat"),
    ("nvmlClocksThrottleReasonHwPowerBrakeSlowdown", "power brake"),
    ("nvmlClocksThrottleReasonHwSlowdown", "hardware"),
    ("nvmlClocksThrottleReasonSwPowerCap", "power cap"),
)
"""Bits of NVML's reasons why a clock is not higher, and the words for them; that it is idle or set so is no fault."""


class NoGpuReadingsError(Exception):
    """The driver's library cannot be asked; str() is why."""


def load_library() -> Library:
    """NVIDIA's library as Python has it, initialised.

    Raises:
        NoGpuReadingsError: there is no driver, or not one for this library.
    """
    try:
        library = importlib.import_module("pynvml")
        library.nvmlInit()
    except Exception as error:  # the edge of a foreign library: its errors are classes that it makes as it is imported
        raise NoGpuReadingsError(str(error)) from error
    return library


class Gpus:
    """The GPUs of a run, each by its UUID, since CUDA_VISIBLE_DEVICES numbers them otherwise than the driver.

    Of a part of a GPU (MIG) the driver tells the memory; heat, power and clocks are those of the whole.

    Args:
        library: to be asked.
        uuids: as CUDA has them, without the prefix.

    Raises:
        NoGpuReadingsError: the driver does not know one of them.
    """

    def __init__(self, library: Library, uuids: Sequence[str]) -> None:
        self._library = library
        self._devices = [_Device(library, uuid) for uuid in uuids]

    def read(self) -> tuple[Gpu, ...]:
        """What each is at. Takes some tenths of a millisecond for each."""
        return tuple(device.read() for device in self._devices)


class _Device:
    def __init__(self, library: Library, uuid: str) -> None:
        self._library = library
        self._handle = _handle(library, uuid)
        self._whole = self._handle
        """The GPU that it is a part of; itself, where it is none."""
        if self._ask("nvmlDeviceIsMigDeviceHandle"):
            self._whole = self._ask("nvmlDeviceGetDeviceHandleFromMigDeviceHandle") or self._handle
        self._index = self._of_whole("nvmlDeviceGetIndex")
        self._name = str(self._ask("nvmlDeviceGetName") or "")
        self._watts_most = _watts(self._of_whole("nvmlDeviceGetEnforcedPowerLimit"))
        self._clock_most = self._of_whole("nvmlDeviceGetMaxClockInfo", library.NVML_CLOCK_SM)

    def read(self) -> Gpu:
        memory = self._ask("nvmlDeviceGetMemoryInfo")
        rates = self._ask("nvmlDeviceGetUtilizationRates")
        celsius = self._of_whole("nvmlDeviceGetTemperature", self._library.NVML_TEMPERATURE_GPU)
        return Gpu(
            index=self._index or 0,
            name=self._name,
            busy=None if rates is None else rates.gpu / 100,
            memory=None if memory is None else int(memory.used),
            memory_total=None if memory is None else int(memory.total),
            celsius=None if celsius is None else float(celsius),
            watts=_watts(self._of_whole("nvmlDeviceGetPowerUsage")),
            watts_most=self._watts_most,
            clock=self._of_whole("nvmlDeviceGetClockInfo", self._library.NVML_CLOCK_SM),
            clock_most=self._clock_most,
            slowed=self._slowed(),
        )

    def _slowed(self) -> tuple[str, ...]:
        reasons = self._of_whole("nvmlDeviceGetCurrentClocksThrottleReasons") or 0
        words = [word for bit, word in SLOWED if reasons & getattr(self._library, bit)]
        if len(words) > 1:  # the hardware's slowing is told besides its reason, where that is known
            words = [word for word in words if word != "hardware"]
        return tuple(dict.fromkeys(words))

    def _ask(self, name: str, *arguments: Any) -> Any:
        return self._answer(name, self._handle, *arguments)

    def _of_whole(self, name: str, *arguments: Any) -> Any:
        return self._answer(name, self._whole, *arguments)

    def _answer(self, name: str, *arguments: Any) -> Any:
        """What a function says; None where this GPU, or this driver, does not tell."""
        function: Callable[..., Any] = getattr(self._library, name)
        try:
            return function(*arguments)
        except self._library.NVMLError:
            return None


def _handle(library: Library, uuid: str) -> Any:
    trouble = ""
    for prefix in ("GPU-", "MIG-"):
        try:
            return library.nvmlDeviceGetHandleByUUID(f"{prefix}{uuid}")
        except library.NVMLError as error:
            trouble = str(error)
    raise NoGpuReadingsError(f"NVML does not know the GPU {uuid} ({trouble})")


def _watts(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else milliwatts / 1000
