"""Memory: how much more of it a piece of work holds at its height than there was before."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Callable
from pathlib import Path

import torch


def peak_growth(work: Callable[[], object], device: torch.device) -> int | None:
    """Bytes that were held at the height of the work beyond those held when it began.

    On a GPU it is what PyTorch's allocator had reserved, after what was free has been given back: with the pool that
    recorded steps keep to themselves, with room that is reserved and not in use, and with what cuDNN's trials of its
    algorithms took; without the libraries' own memory. On Linux's CPUs it is resident memory of the whole process,
    after what was free has been given back; oneDNN's caches count for the work that comes first. None where neither can
    be told.
    """
    if device.type == "cuda":
        return _on_cuda(work, device)
    before = _resident_afresh()
    work()
    after = _status("VmHWM")
    return None if before is None or after is None else after - before


def _on_cuda(work: Callable[[], object], device: torch.device) -> int:
    gc.collect()
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved(device)
    torch.cuda.reset_peak_memory_stats(device)
    work()
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_reserved(device) - before


def _resident_afresh() -> int | None:
    """Resident bytes, from which the high-water mark starts again."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # of glibc alone
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return None
    return _status("VmRSS")


def _status(key: str) -> int | None:
    """A size from the kernel's account of this process, in bytes."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{key}:"):
                return 1024 * int(line.split()[1])
    return None
