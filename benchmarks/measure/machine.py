"""Which machine and which versions a figure belongs to."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec
import torch


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader needs to repeat a measurement."""

    device: str
    """Such as "cpu" or "cuda:0 NVIDIA H200"."""
    processor: str
    processors: int
    """Logical ones that this process may use."""
    threads: int
    """Of PyTorch's operations on the CPU."""
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
        processors=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        threads=torch.get_num_threads(),
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
    return f"{machine.device}; {cpu}; {machine.system}; Python {machine.python}, PyTorch {machine.torch}{gpu}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
