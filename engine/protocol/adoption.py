"""A branch's own copy of the checkpoint that it begins at, so that nothing its parent does can take that away."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.protocol.checkpoints import MANIFEST, Manifest, aside_of, draft_of, read_manifest
from engine.protocol.codec import DecodeError
from engine.protocol.rundir import RunDirectory, sync_path


def adopt_checkpoint(run: RunDirectory, folder: Path, manifest: Manifest) -> Path:
    """Give a branch its own copy of another run's checkpoint; returns it.

    The files are linked where the file system can, else copied. Whether they are whole is not looked at. The other run
    may be training: a checkpoint that it deletes or replaces meanwhile is not adopted in part. A copy that the branch
    has already, and that cannot be read any more, is set aside.

    Args:
        run: the branch.
        folder: where the checkpoint lies.
        manifest: what it said of itself when it was chosen.

    Raises:
        OSError: it cannot be read or written, or is another one by now.
    """
    make_checkpoints_folder(run)
    final = run.checkpoints / folder.name
    draft = draft_of(final)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        for name in (*manifest.files, MANIFEST):  # the manifest last: if it is the same still, so were the files
            _link_or_copy(folder / name, draft / name)
        _require_same(draft, manifest)
        sync_path(draft)
        if final.exists():
            final.rename(aside_of(final))
        draft.rename(final)
        sync_path(run.checkpoints)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return final


def make_checkpoints_folder(run: RunDirectory) -> None:
    """Make sure that a run has a folder for checkpoints, also after a power cut."""
    if not run.checkpoints.is_dir():
        run.checkpoints.mkdir()
        sync_path(run.root)


def _require_same(draft: Path, manifest: Manifest) -> None:
    try:
        same = read_manifest(draft) == manifest
    except DecodeError:
        same = False
    if not same:
        raise OSError("it was replaced or changed meanwhile")


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without links, or another user's file
        with source.open("rb") as file, target.open("xb") as copy:
            shutil.copyfileobj(file, copy)
        sync_path(target)
