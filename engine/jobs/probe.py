"""Tries out PyTorch and the devices: what fails to import, or to add two numbers, is told and not raised."""

from __future__ import annotations

import warnings
from typing import Any

from engine.machine.nvml import Library, NoGpuReadingsError, load_library
from engine.protocol.probe import CudaDevice, Driver, Probe


def probe() -> Probe:
    """What can be computed with here. Takes the seconds that PyTorch takes to import."""
    driver = driver_of()
    try:
        import torch
    except Exception as error:  # noqa: BLE001 - the edge of a foreign package, whose libraries may not load
        return Probe(torch_error=_in_words(error), driver=driver)
    vision, vision_error = _vision()
    with warnings.catch_warnings(record=True) as warned:  # it warns why it sees no device, and returns False
        warnings.simplefilter("always")
        seen = torch.cuda.is_available()
    return Probe(
        torch=str(torch.__version__),
        torchvision=vision,
        torchvision_error=vision_error,
        cuda_build=torch.version.cuda or "",
        architectures=tuple(torch.cuda.get_arch_list()) if seen else (),
        driver=driver,
        devices=tuple(_device(torch, index) for index in range(torch.cuda.device_count())) if seen else (),
        cuda_error="" if seen else " ".join(_in_words(each.message) for each in warned),
        mps=torch.backends.mps.is_available(),
        threads=torch.get_num_threads(),
        capability=torch.backends.cpu.get_cpu_capability(),
    )


def driver_of(library: Library = None) -> Driver:
    """What NVIDIA's library says of the driver.

    Args:
        library: to be asked; None for that of this machine.
    """
    try:
        library = library or load_library()
        number = library.nvmlSystemGetCudaDriverVersion()
        handles = map(library.nvmlDeviceGetHandleByIndex, range(library.nvmlDeviceGetCount()))
        return Driver(
            version=str(library.nvmlSystemGetDriverVersion()),
            cuda=f"{number // 1000}.{number % 1000 // 10}",
            gpus=tuple(str(library.nvmlDeviceGetName(handle)) for handle in handles),
        )
    except NoGpuReadingsError as error:
        return Driver(error=str(error))
    except library.NVMLError as error:
        return Driver(error=str(error))


def _vision() -> tuple[str, str]:
    """torchvision's version, or why it cannot be imported: it must be built for the very PyTorch that is there."""
    try:
        import torchvision  # type: ignore[import-untyped]
    except Exception as error:  # noqa: BLE001 - as above
        return "", _in_words(error)
    return str(torchvision.__version__), ""


def _device(torch: Any, index: int) -> CudaDevice:
    properties = torch.cuda.get_device_properties(index)
    error, free = "", 0
    try:
        free = torch.cuda.mem_get_info(index)[0]
        if torch.ones(2, device=f"cuda:{index}").sum().item() != 2:
            error = "one and one were not two"
    except RuntimeError as failure:  # no kernel for it, no memory, a fault of the device
        error = _in_words(failure)
    return CudaDevice(
        name=properties.name,
        capability=f"{properties.major}.{properties.minor}",
        free=free,
        total=properties.total_memory,
        bf16=properties.major >= 8,  # Ampere
        error=error,
    )


def _in_words(error: object) -> str:
    """The first line of an error, with its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
