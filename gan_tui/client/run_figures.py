"""What a run has on the disk: its size, its checkpoints, its newest contact sheet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from engine.protocol.checkpoints import is_starred, list_folders
from engine.protocol.events import Sampled
from engine.protocol.record import newest_journaled
from engine.protocol.rundir import RunDirectory


@dataclass(frozen=True, kw_only=True)
class Size:
    """Of all files below a folder."""

    bytes: int
    """Each file counted once."""
    shared: int
    """How many of them are in files that have another name outside, as a branch's copy of a checkpoint may have."""


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """What is counted of a run."""

    size: int
    """Bytes on the disk."""
    shared: int
    """How many of them other runs have as well, by hard links."""
    checkpoints: int
    starred: int
    """How many of the checkpoints have a star."""
    newest: int | None
    """Step of the newest checkpoint."""


def count_figures(run: RunDirectory, stopped: Callable[[], bool]) -> RunFigures:
    """Count what a run has on the disk.

    Args:
        run: which.
        stopped: asked between files; where it says so the sizes are those so far.
    """
    folders = list_folders(run, "checkpoint")
    size = size_below(run.root, stopped)
    return RunFigures(
        size=size.bytes,
        shared=size.shared,
        checkpoints=len(folders),
        starred=sum(is_starred(folder) for folder, _ in folders),
        newest=folders[-1][1] if folders else None,
    )


def newest_sheet(run: RunDirectory) -> Sampled | None:
    """The contact sheet that a run wrote last, with the run's path before its own."""
    try:
        sheet = newest_journaled(run, Sampled)
    except OSError:
        return None
    return replace(sheet, path=str(run.root / sheet.path)) if sheet else None


def size_below(folder: Path, stopped: Callable[[], bool] = lambda: False) -> Size:
    """Add up the files below a folder; no link is followed, and what cannot be listed is left out."""
    names: dict[int, list[int]] = {}
    """By inode: bytes, other names wanted, names found."""
    for entry in _files_below(folder):
        if stopped():
            break
        with suppress(OSError):  # gone since it was listed
            found = entry.stat(follow_symlinks=False)
            names.setdefault(found.st_ino, [found.st_size, found.st_nlink, 0])[2] += 1
    shared = sum(size for size, links, here in names.values() if links > here)
    return Size(bytes=sum(size for size, _, _ in names.values()), shared=shared)


def _files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry
