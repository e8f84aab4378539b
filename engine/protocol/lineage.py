"""Where a branch comes from: its ancestors, and how much of each one's record is the branch's history too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from engine.errors import GanTuiError
from engine.protocol.events import Event, Resumed, Sampled
from engine.protocol.record import RecordReader, read_journal
from engine.protocol.rundir import Identity, Parent, RunDirectory, read_identity


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
        run = _folder_of(parent, beside=run)
        if run.root.resolve() in seen or not _is_that(run, parent):
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


def _folder_of(parent: Parent, *, beside: RunDirectory) -> RunDirectory:
    """Where a parent lies: where it lay, or beside its branch, when their folder has been moved."""
    named = RunDirectory(Path(parent.run))
    sibling = RunDirectory(beside.root.parent / named.name)
    return sibling if parent.id and not _is_that(named, parent) else named


def _is_that(run: RunDirectory, parent: Parent) -> bool:
    """Whether the run there is the one that the branch grew from; old branches do not name its id."""
    identity = _identity_of(run)
    return identity is not None and parent.id in ("", identity.id)


def _identity_of(run: RunDirectory) -> Identity | None:
    try:
        return read_identity(run)
    except GanTuiError:
        return None
