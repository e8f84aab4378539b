"""Another process that holds a run's lock, as an engine does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engine.protocol.rundir import RunDirectory

_HOLD = (
    "import sys; from pathlib import Path; from engine.protocol.rundir import RunDirectory, engine_lock\n"
    "with engine_lock(RunDirectory(Path(sys.argv[1]))):\n print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def locked(run: RunDirectory) -> Iterator[None]:
    """The lock is held for the length of the block; within one process it would not be seen."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(run.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.kill()
