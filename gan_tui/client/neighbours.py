"""Which other runs a run can be looked at beside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import GanTuiError
from engine.protocol.rundir import Identity, RunDirectory, read_identity
from gan_tui.client.locate import list_runs


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """Another run."""

    run: RunDirectory
    method: str
    relation: str
    """What it is to the run: its parent, a branch of it, or nothing."""


def neighbours_of(run: RunDirectory) -> list[Neighbour]:
    """The run's parent, then its branches, then the others of its folder; newest first."""
    try:
        own = read_identity(run)
    except GanTuiError:
        own = None
    found = [(other, identity) for other, identity in list_runs(run.root.parent) if other.root != run.root]
    parent = None if own is None or own.parent is None else RunDirectory(Path(own.parent.run))
    if parent is not None and all(other.root != parent.root for other, _ in found):
        try:
            found.insert(0, (parent, read_identity(parent)))
        except GanTuiError:
            parent = None  # it has been moved or deleted
    related = [(_relation(run, own, other, identity), other, identity) for other, identity in found]
    return [
        Neighbour(run=other, method=identity.method, relation=words)
        for (_, words), other, identity in sorted(related, key=lambda each: each[0][0])
    ]


def _relation(run: RunDirectory, own: Identity | None, other: RunDirectory, identity: Identity) -> tuple[int, str]:
    """Its place in the list, and what it is called."""
    if own is not None and own.parent is not None and Path(own.parent.run) == other.root:
        return 0, f"parent, up to step {own.parent.step:,}"
    if identity.parent is not None and Path(identity.parent.run) == run.root:
        return 1, f"branch, from step {identity.parent.step:,}"
    return 2, ""
