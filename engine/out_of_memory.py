"""Telling that memory ran out, and what to lower so that it suffices."""

from __future__ import annotations

from engine.config.methods import TrainConfig

_CPU_WORDS = ("DefaultCPUAllocator", "not enough memory", "can't allocate memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, PyTorch's among them, says that the GPU's or the machine's memory is full."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _CPU_WORDS)


def advice(config: TrainConfig) -> str:
    """What to lower, with the values that the run has."""
    ways = [f"run.batch (now {config.run.batch})"] if config.run.batch > 1 else []
    ways += [f"data.crop (now {config.data.crop})", f"generator.width (now {config.generator.width})"]
    lower = f"Lower {', '.join(ways[:-1])} or {ways[-1]}"
    narrow = ', or set run.precision = "bf16"' if config.run.precision != "bf16" else ""
    return f"{lower}{narrow}."
