"""Runs whose checkpoints have gone: what their journal and their folders tell of those that nobody deleted."""

from __future__ import annotations

from collections.abc import Iterable

from engine.config.image_files import path_text
from engine.errors import WorkError
from engine.protocol.checkpoints import Manifest, unreadable_checkpoints
from engine.protocol.course import checkpoints_on_record
from engine.protocol.rundir import RunDirectory


def require_those_on_record(run: RunDirectory, present: Iterable[Manifest], anew: str) -> None:
    """Refuse a run whose own checkpoints have all gone, with an unmounted disk perhaps: it does not begin anew.

    Args:
        run: whose.
        present: those that it has.
        anew: what is left to do where they are lost, as a clause.

    Raises:
        WorkError: the journal tells of checkpoints that should be there, and none is.
    """
    steps = checkpoints_on_record(run)
    if steps and not any(manifest.step in steps for manifest in present):
        fact = f"has none of the checkpoints left that its journal tells of, the newest of step {steps[-1]:,}"
        raise WorkError(f"run {run.name}", fact, f"Put them back into {path_text(run.checkpoints)}, or {anew}")


def require_readable(run: RunDirectory, anew: str) -> None:
    """Refuse a run that has checkpoints, of which none can be read.

    Args:
        run: one in which no checkpoint was found.
        anew: as for require_those_on_record.

    Raises:
        WorkError: there are folders of some.
    """
    unreadable = unreadable_checkpoints(run)
    if unreadable:
        folder, damage = unreadable[0]
        fact = f"has checkpoints, and none that can be read: {folder.name} {damage}"
        raise WorkError(f"run {run.name}", fact, f"Restore one from a backup, or {anew}")
