"""What is said of an error that ended a run, where it is none that was written for users."""

from __future__ import annotations

from engine.config.methods import TrainConfig
from engine.out_of_memory import advice, is_of_gpu, is_out_of_memory
from engine.protocol.rundir import RunDirectory


def reason_and_fix(error: Exception, run: RunDirectory, config: TrainConfig | None) -> tuple[str, str]:
    """One line on what happened, and what to do."""
    first_line = (str(error).splitlines() or [""])[0]
    if config is not None and is_out_of_memory(error):
        return f"memory is full: {first_line}", advice(config, run, on_gpu=is_of_gpu(error))
    return f"{type(error).__name__}: {first_line}", f"The traceback is in {run.log}."
