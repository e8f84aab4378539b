"""PyTorch and the devices, as a process that has imported it and computed on them found them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.protocol.probe import CudaDevice, Driver, Probe
from engine.sizes import size_text
from gan_tui.doctor.finding import Finding, note, ok, problem

REINSTALL = "pip install --force-reinstall torch torchvision   (both from one index)"
SCARCE = 2 * 10**9
"""Bytes of a GPU's memory; less than the smallest presets at home there."""


def examine(probe: Probe) -> Iterator[Finding]:
    """Say what was found."""
    if probe.torch_error:
        yield problem("torch", f"cannot be imported: {probe.torch_error}", REINSTALL)
        yield from _driver_alone(probe.driver)
        return
    build = f"for CUDA {probe.cuda_build}" if probe.cuda_build else "without CUDA"
    yield ok("torch", f"{probe.torch}, built {build}")
    if probe.torchvision_error:
        yield problem("torchvision", f"cannot be imported beside it: {probe.torchvision_error}", REINSTALL)
    elif _apart(_build(probe.torch), _build(probe.torchvision)):
        fact = f"{probe.torchvision}, imported beside torch {probe.torch}: builds from two indexes"
        yield note("torchvision", fact, f"Where something in it fails: {REINSTALL}")
    else:
        yield ok("torchvision", f"{probe.torchvision}, fits it")
    threads = f"{probe.threads} thread{'' if probe.threads == 1 else 's'}"
    yield ok("CPU", f"{threads}, kernels for {probe.capability}")
    yield from _cuda(probe)
    if probe.mps:
        yield ok("MPS", "there: --device mps")


def _cuda(probe: Probe) -> Iterator[Finding]:
    driver = probe.driver
    if driver.version:
        yield ok("driver", f"{driver.version}, serves CUDA up to {driver.cuda}; {', '.join(driver.gpus) or 'no GPU'}")
    for index, device in enumerate(probe.devices):
        yield from _device(f"cuda:{index}", device)
    if probe.devices:
        return
    if not driver.gpus:
        yield ok("CUDA", f"no NVIDIA GPU is seen ({driver.error or 'the driver has none'}): --device auto is the CPU")
    elif not probe.cuda_build:
        fact = f"{driver.gpus[0]} is there, and this PyTorch was built without CUDA"
        yield problem("CUDA", fact, "Install PyTorch's build with CUDA: https://pytorch.org/get-started/locally")
    elif _older(driver.cuda, probe.cuda_build):
        fact = f"the driver serves CUDA up to {driver.cuda}, and this PyTorch was built for {probe.cuda_build}"
        yield problem("CUDA", fact, "Update the driver, or install a PyTorch for an older CUDA.")
    else:
        fact = f"{driver.gpus[0]} is there, and PyTorch sees none: {probe.cuda_error or 'it does not say why'}"
        yield problem("CUDA", fact, "See whether CUDA_VISIBLE_DEVICES hides it, and nvidia-smi.")


def _device(place: str, device: CudaDevice) -> Iterator[Finding]:
    what = f"{device.name}, compute capability {device.capability}"
    if device.error:
        yield problem(place, f"{what}, cannot be computed on: {device.error}", f"Choose another --device. {REINSTALL}")
        return
    free = f"{size_text(device.free)} free of {size_text(device.total)}"
    if device.free < SCARCE:
        yield note(place, f"{what}, {free}", "nvidia-smi says who has the rest.")
    else:
        yield ok(place, f"{what}, {free}")
    if not device.bf16:
        yield note(place, "does not compute in bf16 itself", "Leave run.precision at fp32.")


def _driver_alone(driver: Driver) -> Iterator[Finding]:
    if driver.version:
        yield ok("driver", f"{driver.version}, serves CUDA up to {driver.cuda}; {', '.join(driver.gpus) or 'no GPU'}")


def _build(version: str) -> str:
    """What a version is marked with by the index that it is from: cu128, cpu, or nothing, as many builds are."""
    return version.partition("+")[2]


def _apart(one: str, other: str) -> bool:
    return bool(one and other) and one != other


def _older(one: str, other: str) -> bool:
    """Whether a CUDA is of an older major version: a driver serves later minor ones of its own."""
    return one.partition(".")[0].isdecimal() and int(one.partition(".")[0]) < int(other.partition(".")[0])
