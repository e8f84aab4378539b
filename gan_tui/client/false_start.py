"""Runs that were refused at their start: they keep everything but their name, which the next run may have."""

from __future__ import annotations

from msgspec.structs import replace

from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol.remarks import NONE, read_remarks
from engine.protocol.rundir import (
    RunDirectory,
    engine_lock,
    read_identity,
    require_unused_name,
    sync_path,
    unused_name,
    write_identity,
)


def is_false_start(run: RunDirectory) -> bool:
    """Whether a run's engine refused the request, as only it could, before there was a line of metrics.

    What began at a checkpoint is none, nor is what somebody has remarked on.
    """
    try:
        identity = read_identity(run)
        refused = identity.state == "failed" and identity.exit_status == RequestError.exit_code
        if not refused or run.root.is_symlink() or read_remarks(run) != NONE:
            return False
        trained = run.metrics.exists() and run.metrics.stat().st_size > 0
        return not trained and not (run.checkpoints.exists() and any(run.checkpoints.iterdir()))
    except (GanTuiError, OSError):
        return False


def name_aside(run: RunDirectory) -> str:
    """What a false start would be called from then on."""
    return unused_name(run.root.parent, f"{run.name}-failed")


def put_aside(run: RunDirectory) -> RunDirectory:
    """Give a false start another name, with its lock held.

    Raises:
        RequestError: it is none any more; WorkError: it cannot be renamed.
    """
    folder, name = run.root.parent, name_aside(run)
    aside = RunDirectory(folder / name)
    try:
        with engine_lock(run):
            if not is_false_start(run):
                require_unused_name(folder, run.name)
            write_identity(run, replace(read_identity(run), name=name))
            run.root.rename(aside.root)
        sync_path(folder)
    except OSError as error:
        fact = f"was refused at its start, and cannot be renamed to {name} ({error.strerror})"
        raise WorkError(f"run {run.name}", fact, "Choose another --name.") from error
    return aside
