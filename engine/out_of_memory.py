"""Telling that memory ran out, and what to lower so that it suffices."""

from __future__ import annotations

from engine.config.methods import TrainConfig
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.rundir import RunDirectory

_CPU_WORDS = ("DefaultCPUAllocator", "not enough memory", "can't allocate memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, PyTorch's among them, says that the GPU's or the machine's memory is full."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _CPU_WORDS)


def advice(config: TrainConfig, run: RunDirectory) -> str:
    """What to lower, with the values that the run has, and how; networks that were trained stay as wide as they are."""
    batch, crop, width = config.run.batch, config.data.crop, config.generator.width
    resumable = bool(list_checkpoints(run))
    ways = [f"run.batch (now {batch})"] if batch > 1 else []
    ways += [f"data.crop (now {crop})"]
    ways += [] if resumable else [f"generator.width (now {width})"]
    lower = f"Lower {', '.join(ways[:-1])} or {ways[-1]}" if len(ways) > 1 else f"Lower {ways[0]}"
    narrow = ', or set run.precision = "bf16"' if config.run.precision != "bf16" else ""
    setting = f"run.batch={batch // 2}" if batch > 1 else f"data.crop={crop // 2}"
    command = f"gan-tui resume {run.name} --checkpoint latest" if resumable else "gan-tui train PRESET"
    return f"{lower}{narrow}: {command} --set {setting}"
