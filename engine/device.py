"""Where a run computes: choosing the device, refusing what is absent, setting the precision."""

from __future__ import annotations

import os

import torch

from engine.config.schema import RunConfig
from engine.config.threads import threads_to_take
from engine.errors import RequestError


def choose_device(config: RunConfig) -> torch.device:
    """The device that ``run.device`` means; "auto" takes the first GPU, else the CPU.

    Raises:
        RequestError: the device asked for is not there.
    """
    name = config.device
    if name == "auto":
        name = "cuda:0" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    match device.type:
        case "cuda":
            device = torch.device("cuda", device.index or 0)
            _require_cuda(device)
        case "mps" if not torch.backends.mps.is_available():
            raise RequestError(f"run.device = {name}", "is not available on this machine", "Use --device auto or cpu.")
    return device


def _require_cuda(device: torch.device) -> None:
    count = torch.cuda.device_count()
    if not torch.cuda.is_available():
        fact = "asks for CUDA, and PyTorch sees no CUDA device"
        raise RequestError(f"run.device = {device}", fact, "Check `nvidia-smi`, or use --device cpu.")
    if device.index >= count:
        fact = f"asks for a device beyond the {count} that PyTorch sees"
        raise RequestError(f"run.device = {device}", fact, f"Use cuda:0 to cuda:{count - 1}.")


def describe(device: torch.device, config: RunConfig) -> str:
    """Device and precision in a few characters, such as "cuda:0 bf16"."""
    return f"{device} {config.precision}"


def set_precision(config: RunConfig, device: torch.device) -> None:
    """Apply the process-wide half of ``run.precision``; bf16's autocast belongs to the method."""
    tf32 = config.precision == "tf32"
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32


def set_determinism(config: RunConfig) -> None:
    """Apply ``run.deterministic``: of operations that differ from call to call on a GPU, PyTorch then uses others.

    An operation that has no such form raises RuntimeError when it is first used, with its name.
    """
    if config.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read by cuBLAS when it is first used
        torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(config.deterministic)


def set_threads(before: int) -> None:
    """Compute with as many CPU threads as the run did before, where it can have them; 0 for a run that begins."""
    if threads := threads_to_take(before, os.environ):
        torch.set_num_threads(threads)
