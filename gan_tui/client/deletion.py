"""Deleting a run: what would go, what forbids it, and the deletion, which no crash leaves half done."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol.checkpoints import list_folders
from engine.protocol.remarks import read_remarks
from engine.protocol.rundir import LIVE_STATES, RunDirectory, engine_lock, read_identity, sync_path, viewed_state
from engine.sizes import size_text
from gan_tui.client.locate import list_runs
from gan_tui.client.remote import standing_of
from gan_tui.client.run_figures import size_below
from gan_tui.client.ways import COMMANDS, Ways

TRASH = ".trash"
"""A folder beside the runs; what is in it under a name of _DOOMED is no run any more."""
_DOOMED = re.compile(r".+\.[0-9a-f]{12}\.deleted", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """What would go with a run."""

    run: RunDirectory
    size: int
    """Bytes that become free: files that other runs have as well, by hard links, are not counted."""
    shared: int
    """Bytes of those."""
    checkpoints: int
    children: tuple[str, ...]
    """Names of the runs beside it that grew from it or replay it."""

    def in_words(self) -> tuple[str, ...]:
        """A sentence a line: what goes, and what it means to those that hang on it."""
        number = f"{self.checkpoints} checkpoint{'' if self.checkpoints == 1 else 's'}"
        lines = [f"{size_text(self.size)} become free; {number}, curves, samples and journal are gone for good."]
        if self.shared:
            lines.append(f"{size_text(self.shared)} more stay: other runs have these files as well.")
        if self.children:
            shown = ", ".join(self.children[:_MOST]) + (" and more" if len(self.children) > _MOST else "")
            count = len(self.children)
            grew = "run hangs" if count == 1 else "runs hang"
            lines.append(
                f"{count} {grew} on it: {shown}. What they were trained to stays, checkpoints of their own included; "
                "their curves then begin at the branch, and a replay has nothing to be compared with."
            )
        return tuple(lines)


_MOST = 4


def look_at(run: RunDirectory, stopped: Callable[[], bool] = lambda: False) -> Deletion:
    """What would go with a run.

    Args:
        run: which.
        stopped: asked between files; where it says so the sizes are those so far.
    """
    size = size_below(run.root, stopped)
    return Deletion(
        run=run,
        size=size.bytes - size.shared,
        shared=size.shared,
        checkpoints=len(list_folders(run, "checkpoint")),
        children=_children(run),
    )


def _children(run: RunDirectory) -> tuple[str, ...]:
    try:
        own = read_identity(run).id
    except GanTuiError:
        own = ""
    found = []
    for other, identity in list_runs(run.root.parent):
        named = [each for each in (identity.parent, identity.replays) if each is not None]
        here = any(each.id == own if each.id and own else Path(each.run) == run.root for each in named)
        if here and other.root != run.root:
            found.append(other.name)
    return tuple(sorted(found))


def require_deletable(run: RunDirectory, ways: Ways = COMMANDS) -> None:
    """Refuse what is not to be deleted.

    Args:
        run: which.
        ways: how what is advised is done.

    Raises:
        RequestError: an engine is at work on it, or may be; or it has a star, or is a link to somewhere else.
    """
    subject = f"run {run.name}"
    if run.root.is_symlink():
        raise RequestError(subject, f"is a link to {run.root.resolve()}", "Delete the run there, then the link.")
    if read_remarks(run).starred:
        raise RequestError(subject, "has a star and is kept", f"Take that away: {ways.unstar()}")
    try:
        identity = read_identity(run)
    except GanTuiError:
        return  # damaged; an engine would hold the lock
    state = viewed_state(run, identity)
    if state == "elsewhere" and standing_of(run, identity) in (*LIVE_STATES, "elsewhere"):
        fact = f"was last trained on {identity.host}, and may be so still"
        raise RequestError(subject, fact, "Stop it and delete it there.")
    if state in LIVE_STATES:
        fact = "is about to be trained" if state == "starting" else "is being trained"
        raise RequestError(subject, fact, f"Stop it first: {ways.stop(run.name)}")


def delete_run(run: RunDirectory, ways: Ways = COMMANDS) -> None:
    """Delete a run; the arguments are those of require_deletable.

    Its directory is renamed into the trash first, in one move and with its lock held, and then removed: whoever is
    killed in between leaves a whole run or none, and the next deletion removes what is left.

    Raises:
        RequestError: it is not to be deleted; WorkError: it cannot be.
    """
    require_deletable(run, ways)
    trash = run.root.parent / TRASH
    doomed = trash / f"{run.name}.{secrets.token_hex(6)}.deleted"
    try:
        trash.mkdir(exist_ok=True)
        with engine_lock(run):
            run.root.rename(doomed)
        sync_path(trash)
        sync_path(run.root.parent)
    except OSError as error:
        fix = "It is whole. Make that a folder which can be written to, then delete the run again."
        raise WorkError(f"run {run.name}", f"cannot be moved into {trash} ({error.strerror})", fix) from error
    empty_trash(run.root.parent)
    if doomed.exists():
        fix = "It is no run any more; remove the rest by hand."
        raise WorkError(str(doomed), "could not be removed altogether", fix)


def empty_trash(folder: Path) -> None:
    """Remove what deletions have left in a folder's trash, and the trash itself once it is empty; nothing else."""
    trash = folder / TRASH
    with suppress(OSError):
        for path in list(trash.iterdir()):
            if _DOOMED.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)
        trash.rmdir()
