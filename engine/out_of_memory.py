"""Telling that memory ran out, and what to change so that it suffices."""

from __future__ import annotations

from engine.config.lighter import lighter
from engine.config.methods import TrainConfig
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.rundir import RunDirectory

_CPU_WORDS = ("DefaultCPUAllocator", "not enough memory", "can't allocate memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, PyTorch's among them, says that the GPU's or the machine's memory is full."""
    if isinstance(error, MemoryError) or is_of_gpu(error):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _CPU_WORDS)


def is_of_gpu(error: BaseException) -> bool:
    """Whether the memory that is full, by is_out_of_memory, is a GPU's."""
    return type(error).__name__ == "OutOfMemoryError"


def advice(config: TrainConfig, run: RunDirectory, *, on_gpu: bool = False) -> str:
    """What takes less memory in this run, and how to ask for it; networks that were trained keep their width."""
    width = config.generator.width
    resumable = bool(list_checkpoints(run))
    ways = ["run.graph=off"] if on_gpu and config.run.graph == "auto" else []  # what it saves costs no accuracy
    ways += [change.setting for change in lighter(config)]
    ways += [] if resumable else [f"generator.width={width // 2}"] if width > 1 else []
    if not ways:
        return "Free some of it, or train on another device."
    command = f"gan-tui resume {run.name} --checkpoint latest" if resumable else "gan-tui train PRESET"
    others = f" (or {', '.join(ways[1:])})" if len(ways) > 1 else ""
    return f"Less is taken by {command} --set {ways[0]}{others}"
