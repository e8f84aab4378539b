"""Starting engines: a process of their own session, without a terminal, that outlives whoever started them."""

from __future__ import annotations

import os
import subprocess
import sys

from engine.protocol.rundir import RunDirectory


def start_engine(run: RunDirectory) -> subprocess.Popen[bytes]:
    """Start the engine of a run, detached; what it prints goes to the run's engine.log.

    ``-P`` keeps a folder called ``engine`` in the user's working directory from being taken for ours.
    """
    log = os.open(run.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "engine", str(run.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=run.root,
            start_new_session=True,
        )
    finally:
        os.close(log)
