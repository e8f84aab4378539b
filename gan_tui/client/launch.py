"""Starting engines: a process of their own session, without a terminal, that outlives whoever started them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping

from msgspec.structs import replace

from engine.config.inception_weights import VARIABLE as INCEPTION
from engine.config.user_paths import at_home
from engine.errors import WorkError
from engine.protocol.rundir import RunDirectory, engine_is_alive, engine_lock, read_identity, write_identity
from engine.protocol.runtime import remove_stale

OF_A_GROUP = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
"""By these an engine knows the place that torchrun has given it; one that is started here has none."""


def start_engine(run: RunDirectory, gpus: int | None = None) -> subprocess.Popen[bytes]:
    """Start the engine of a run, detached; what it prints goes to the run's engine.log.

    With several GPUs it is the process of the first, and starts those of the others itself.

    ``-P`` keeps a folder called ``engine`` in the user's working directory from being taken for ours.

    Args:
        run: which.
        gpus: on how many, where it is not what its configuration says.

    Raises:
        WorkError: run.json cannot be read, or the run's directory cannot be written.
    """
    try:
        _announce(run)
        log = os.open(run.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except OSError as error:
        fix = "Make room there, or make it writable."
        raise WorkError(str(run.root), f"cannot be written ({error.strerror})", fix) from error
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "engine", str(run.root), *(() if gpus is None else ("--gpus", str(gpus)))],
            env=_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=run.root,
            start_new_session=True,
        )
    finally:
        os.close(log)


def _environment(mine: Mapping[str, str]) -> dict[str, str]:
    """That of an engine, which works in the run's directory: a path that was relative to this one is absolute."""
    theirs = {name: value for name, value in mine.items() if name not in OF_A_GROUP}
    if weights := theirs.get(INCEPTION):
        theirs[INCEPTION] = str(at_home(weights).absolute())
    return theirs


def _announce(run: RunDirectory) -> None:
    """Let run.json say that the run starts, so that nobody takes it for ended until the engine says so itself.

    Where an engine is at work it is left alone: the new one will find the lock taken, and say so in its log.
    """
    if engine_is_alive(run):
        return
    with engine_lock(run):
        identity = read_identity(run)
        if identity.endpoints:
            remove_stale(identity.endpoints)  # the engine would not know of them any more
        fresh = replace(
            identity, state="starting", state_since=time.time(), pid=None, endpoints=None, reason="", exit_status=None
        )
        write_identity(run, fresh)
