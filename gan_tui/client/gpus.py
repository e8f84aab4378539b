"""What is refused for the GPUs that this machine has, as far as NVML sees them; PyTorch, which the engine asks, has the
last word."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from engine.config.schema import RunConfig
from engine.errors import RequestError


def gpu_count() -> int:
    """NVIDIA's GPUs in this machine."""
    import pynvml

    with contextlib.suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        try:
            return int(pynvml.nvmlDeviceGetCount())
        finally:
            pynvml.nvmlShutdown()
    return 0


def require_device(config: RunConfig, present: Callable[[], int] = gpu_count) -> None:
    """Refuse CUDA where the machine has no such GPU.

    Args:
        config: the preset's [run] section.
        present: counts the machine's GPUs; asked only where it matters.

    Raises:
        RequestError: run.device names one that is not there.
    """
    wanted = config.device
    if not wanted.startswith("cuda"):
        return
    count = present()
    index = int(wanted.partition(":")[2] or 0)
    if count == 0:
        fact = "asks for CUDA, and this machine has no NVIDIA GPU"
        raise RequestError(f"run.device = {wanted}", fact, "Use --device auto or cpu.")
    if index >= count:
        fact = f"is beyond the {count} that this machine has"
        raise RequestError(f"run.device = {wanted}", fact, f"Use cuda:0 to cuda:{count - 1}.")


def require_gpus(config: RunConfig, ranks: int, present: Callable[[], int] = gpu_count) -> None:
    """Refuse more processes than there are GPUs for, each of which is to have one.

    Args:
        config: the preset's [run] section.
        ranks: processes that are to train on this machine.
        present: see require_device.

    Raises:
        RequestError: there are fewer.
    """
    if ranks == 1 or config.device not in ("auto", "cuda"):
        return
    count = present()
    if ranks > count:
        fact = f"is a GPU for each of {ranks} processes, and this machine has {count or 'none'}"
        raise RequestError(f"run.gpus = {ranks}", fact, "Lower it, or use --device cpu.")
