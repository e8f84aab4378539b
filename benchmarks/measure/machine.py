"""Which machine and which versions a figure belongs to."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec
import torch

from engine.config.threads import SPIN_COUNT, WAIT_POLICY, usable_cores


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader needs to repeat a measurement."""

    device: str
    """Such as "cpu" or "cuda:0 NVIDIA H200"."""
    processor: str
    processors: int
    """Logical ones that this process may use."""
    threads: int
    """Of PyTorch's operations on the CPU."""
    wait_policy: str | None
    """How OpenMP's threads wait for one another, by this process's environment; None where it does not say."""
    spin_count: str | None
    """How often they look before they sleep, likewise."""
    system: str
    python: str
    torch: str
    cuda: str | None
    cudnn: int | None


def this_machine(device: torch.device) -> Machine:
    """The machine that this process runs on."""
    on_gpu = device.type == "cuda"
    return Machine(
        device=f"{device} {torch.cuda.get_device_name(device)}" if on_gpu else str(device),
        processor=_processor(),
        processors=usable_cores(),
        threads=torch.get_num_threads(),
        wait_policy=os.environ.get(WAIT_POLICY),
        spin_count=os.environ.get(SPIN_COUNT),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        torch=str(torch.__version__),
        cuda=torch.version.cuda if on_gpu else None,
        cudnn=torch.backends.cudnn.version() if on_gpu else None,
    )


def in_words(machine: Machine) -> str:
    """One line."""
    gpu = f", CUDA {machine.cuda}, cuDNN {machine.cudnn}" if machine.cuda else ""
    cpu = f"{machine.processor}, {machine.processors} processors, {machine.threads} threads"
    waits = {WAIT_POLICY: machine.wait_policy, SPIN_COUNT: machine.spin_count}
    said = " ".join(f"{name}={value}" for name, value in waits.items() if value is not None)
    openmp = said or "threads wait as OpenMP has them"
    return f"{machine.device}; {cpu}, {openmp}; {machine.system}; Python {machine.python}, PyTorch {machine.torch}{gpu}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
