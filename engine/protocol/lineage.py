"""Where a branch comes from: its first checkpoint, its ancestors, and how much of their records is its history too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from engine.errors import GanTuiError
from engine.protocol.checkpoints import Manifest, list_checkpoints
from engine.protocol.events import Event, Resumed, Sampled
from engine.protocol.record import RecordReader, read_journal
from engine.protocol.rundir import Identity, Parent, Replay, RunDirectory, read_identity


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """A run that a branch grew from, directly or by way of other branches."""

    run: RunDirectory
    step: int
    """The step of the checkpoint that the next run in line took up."""
    seq: int
    """Its newest event when that checkpoint was copied; 0 where only the step is known."""


def ancestry(run: RunDirectory) -> tuple[Ancestor, ...]:
    """The runs that a run descends from, oldest first; none for one that is no branch.

    The line ends where a parent is gone, or where another run has come to lie in its place.
    """
    found: list[Ancestor] = []
    seen = {run.root.resolve()}
    parent = _parent_of(run)
    while parent is not None:
        run = folder_of(parent, beside=run)
        if run.root.resolve() in seen or not is_that_run(run, parent):
            break
        seen.add(run.root.resolve())
        found.append(Ancestor(run=run, step=parent.step, seq=parent.seq))
        parent = _parent_of(run)
    return tuple(reversed(found))


def read_inherited(ancestor: Ancestor, *, sparse: bool = False) -> Iterator[Event]:
    """What an ancestor recorded up to the branch, in order, its resumes and what they make void included.

    The paths of its contact sheets are absolute: they are to be read from another run.

    Args:
        ancestor: whose record.
        sparse: as RecordReader has it.
    """
    for event in RecordReader(ancestor.run, sparse=sparse).read():
        if ancestor.seq and event.seq > ancestor.seq:
            break
        if (event.from_step if isinstance(event, Resumed) else event.step) > ancestor.step:
            continue
        yield _with_absolute_path(event, ancestor) if isinstance(event, Sampled) else event
    if ancestor.seq:
        yield from _sheets_that_came_later(ancestor)


def origin_checkpoint(run: RunDirectory, identity: Identity) -> tuple[Path, Manifest] | None:
    """The checkpoint at which a branch begins, where it lies now; None for one that is gone, and for a run that is no
    branch.

    A replay of a branch begins at the copy that the branch has kept, which outlives the parent. Whether the files are
    whole is not looked at.
    """
    parent = identity.parent
    if parent is None:
        return None
    for folder, manifest in (*_kept_copies(run, identity.replays), *_of_parent(run, parent)):
        if parent.is_at(manifest.step, manifest.seq):
            return folder, manifest
    return None


def _kept_copies(run: RunDirectory, replays: Replay | None) -> list[tuple[Path, Manifest]]:
    """What the branch that a run repeats has of its own parent."""
    if replays is None:
        return []
    return [pair for pair in list_checkpoints(folder_of(replays, beside=run)) if pair[1].run != replays.id]


def _of_parent(run: RunDirectory, parent: Parent) -> list[tuple[Path, Manifest]]:
    """The checkpoints of a run's parent; without a readable run.json each has to say itself whose it is."""
    theirs = folder_of(parent, beside=run)
    found = list_checkpoints(theirs)
    return found if is_that_run(theirs, parent) else [pair for pair in found if pair[1].run == parent.id]


def _sheets_that_came_later(ancestor: Ancestor) -> Iterator[Event]:
    """Contact sheets of steps up to the branch that were still being written when its checkpoint was copied."""
    for event in read_journal(ancestor.run):
        if event.seq > ancestor.seq and isinstance(event, Resumed):
            return
        if event.seq > ancestor.seq and isinstance(event, Sampled) and event.step <= ancestor.step:
            yield _with_absolute_path(event, ancestor)


def _with_absolute_path(sheet: Sampled, ancestor: Ancestor) -> Sampled:
    return replace(sheet, path=str(ancestor.run.root / sheet.path))


def _parent_of(run: RunDirectory) -> Parent | None:
    identity = _identity_of(run)
    return identity.parent if identity else None


def folder_of(parent: Parent | Replay, *, beside: RunDirectory) -> RunDirectory:
    """Where a run that another one names lies: where it lay, or beside that one, when their folder has been moved."""
    named = RunDirectory(Path(parent.run))
    sibling = RunDirectory(beside.root.parent / named.name)
    return sibling if parent.id and not is_that_run(named, parent) and is_that_run(sibling, parent) else named


def is_that_run(run: RunDirectory, parent: Parent | Replay) -> bool:
    """Whether the run there is the one that is named; old branches do not name their parent's id."""
    identity = _identity_of(run)
    return identity is not None and parent.id in ("", identity.id)


def _identity_of(run: RunDirectory) -> Identity | None:
    try:
        return read_identity(run)
    except GanTuiError:
        return None
