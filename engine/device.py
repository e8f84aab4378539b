"""Where a run computes: choosing the device, refusing what is absent, setting the precision."""

from __future__ import annotations

import os
import re
import socket

import torch

from engine.config.schema import KNOWN_DEVICE, RunConfig
from engine.config.threads import threads_to_take
from engine.errors import RequestError
from engine.ranks.seat import ALONE, Seat


def choose_device(config: RunConfig, seat: Seat = ALONE) -> torch.device:
    """The device that ``run.device`` means; "auto" takes the first GPU, else the CPU.

    Args:
        config: the preset's [run] section.
        seat: of this process; of several ranks on a machine each has a GPU of its own.

    Raises:
        RequestError: the device asked for is not known, or is not there.
    """
    name = config.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
        if name == "cpu" and seat.size > 1:
            fact = f"finds no CUDA device on {socket.gethostname()}, and {seat.size} processes are to train on one each"
            raise RequestError("device auto", fact, "Check `nvidia-smi`, or use --device cpu.")
    if not re.fullmatch(KNOWN_DEVICE, name):
        raise RequestError(f"device {name}", "is not known", "Use auto, cpu, cuda, cuda:1 or mps.")
    device = torch.device(name)
    match device.type:
        case "cuda" if seat.local_size > torch.cuda.device_count() > 0:
            fact = f"is more than the {torch.cuda.device_count()} GPUs that PyTorch sees on {socket.gethostname()}"
            raise RequestError(f"run.gpus = {seat.local_size}", fact, "Lower it, or use --device cpu.")
        case "cuda":
            device = torch.device("cuda", seat.local_rank if device.index is None else device.index)
            _require_cuda(device)
        case "mps" if not torch.backends.mps.is_available():
            raise RequestError(f"device {name}", "is not available on this machine", "Use --device auto or cpu.")
    return device


def _require_cuda(device: torch.device) -> None:
    count = torch.cuda.device_count()
    if not torch.cuda.is_available():
        fact = "asks for CUDA, and PyTorch sees no CUDA device"
        raise RequestError(f"device {device}", fact, "Check `nvidia-smi`, or use --device cpu.")
    if device.index >= count:
        fact = f"asks for a device beyond the {count} that PyTorch sees"
        raise RequestError(f"device {device}", fact, f"Use cuda:0 to cuda:{count - 1}.")


def uuids_of(device: torch.device, seat: Seat = ALONE) -> tuple[str, ...]:
    """The UUIDs of the GPUs that the ranks of this machine compute on, without NVIDIA's prefix; none on a CPU."""
    if device.type != "cuda":
        return ()
    places = [device.index] if seat.local_size == 1 else range(seat.local_size)
    return tuple(str(torch.cuda.get_device_properties(place).uuid) for place in places)


def make_current(device: torch.device) -> None:
    """Let a CUDA device be the one that streams, recordings and pinned memory are of, in this thread."""
    if device.type == "cuda":
        torch.cuda.set_device(device)


def describe(device: torch.device, config: RunConfig, ranks: int = 1) -> str:
    """Device and precision in a few characters, such as "cuda:0 bf16", or "cuda bf16 on 4 ranks"."""
    return f"{device} {config.precision}" if ranks == 1 else f"{device.type} {config.precision} on {ranks} ranks"


def widest_float(device: torch.device) -> torch.dtype:
    """What sums, counts and shares are taken in, so that none of their digits is lost; MPS has no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


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
    else:
        torch.backends.cudnn.benchmark = True  # batches have one size, so that its trials pay; without CUDA it is idle
    torch.use_deterministic_algorithms(config.deterministic)


def set_threads(before: int) -> None:
    """Compute with as many CPU threads as the run did before, where it can have them; 0 for a run that begins."""
    if threads := threads_to_take(before, os.environ):
        torch.set_num_threads(threads)
