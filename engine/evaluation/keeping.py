"""Keeping evaluations with the run: one line each, whoever makes them, also while others do."""

from __future__ import annotations

import errno
import fcntl
import os

import msgspec

from engine.protocol.evaluation import Evaluation
from engine.protocol.rundir import RunDirectory
from engine.record import append_line, end_line


def keep(run: RunDirectory, evaluation: Evaluation) -> str:
    """Append an evaluation to a run's evaluations.jsonl, whole or not at all.

    A kernel lock keeps the lines of two processes apart, and ends with the process; what a killed one has left of a
    line is closed by a newline, and readers skip it.

    Returns:
        Why it could not be kept, as a sentence; empty where it was.
    """
    line = msgspec.json.encode(evaluation) + b"\n"
    try:
        file = os.open(run.evaluations, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX)
            end_line(file)
            append_line(file, line)
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        why = "it may not be written" if error.errno in (errno.EACCES, errno.EPERM) else error.strerror
        return f"the figures of step {evaluation.step:,} could not be kept in {run.evaluations} ({why})"
    return ""
