"""Telling that memory ran out, and what to change so that it suffices."""

from __future__ import annotations

import logging

from engine.config.lighter import lighter
from engine.config.load import read_toml, resolve
from engine.config.methods import TrainConfig
from engine.config.recording import obstacle_to_recording
from engine.errors import GanTuiError
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.rundir import RunDirectory

log = logging.getLogger(__name__)

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
    """What takes less memory in this run, and how to ask for it; networks that were trained keep their width.

    Args:
        config: the run's preset, with the number of processes that it was trained with in run.gpus.
        run: its directory, from which the other ranks' machines may be cut off.
        on_gpu: whether it is a GPU's memory that is full.
    """
    width = config.generator.width
    resumable = bool(list_checkpoints(run))
    ways = ["run.graph=off"] if on_gpu and _is_recorded(config) else []  # what it saves costs no accuracy
    ways += _what_saves(config)
    ways += [] if resumable else [f"generator.width={width // 2}"] if width > 1 else []
    if not ways:
        return "Free some of it, or train on another device."
    command = f"gan-tui resume {run.name} --checkpoint latest" if resumable else "gan-tui train PRESET"
    first = f"{_as_many_processes(config, run)}--set {ways[0]}"
    others = f" (or {', '.join(ways[1:])})" if len(ways) > 1 else ""
    return f"Less is taken by {command} {first}{others}"


def _is_recorded(config: TrainConfig) -> bool:
    """Whether a recording may be what holds the memory of a step."""
    return config.run.graph == "auto" and not obstacle_to_recording(config, config.run.gpus)


def _what_saves(config: TrainConfig) -> list[str]:
    """The changes that the method allows; where the steps can be estimated, those alone by which they take less."""
    try:
        from engine.memory import estimate, savings  # here, as PyTorch may be what there is no memory for

        return [setting for setting, _ in savings(config, estimate(config).of_steps)]
    except (ImportError, MemoryError, RuntimeError) as error:
        log.warning("what would take less memory could not be estimated", exc_info=error)
        return [change.setting for change in lighter(config)]


def _as_many_processes(config: TrainConfig, run: RunDirectory) -> str:
    """The option for as many processes as trained, where the run is configured with another number.

    That number decides which batches and parts are possible, and how much each process takes.
    """
    try:
        configured = resolve(read_toml(run.config), str(run.config)).run.gpus
    except GanTuiError:
        return ""
    return "" if configured == config.run.gpus else f"--set run.gpus={config.run.gpus} "
