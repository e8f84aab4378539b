"""The file system that a folder lies on, and whether a lock that another machine holds would be seen from here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

MOUNTS = Path("/proc/self/mountinfo")
"""What is mounted where, as Linux lists it for this process."""

_OF_ONE_MACHINE = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "tmpfs", "overlay"})
"""Mounted on one machine at a time: whoever may hold a lock there has this kernel, in another container at most."""


class Mount(NamedTuple):
    """A file system, as it is mounted somewhere."""

    place: Path
    kind: str
    """Such as ext4, nfs4, fuse.sshfs; empty where it is not known."""
    options: str


def mount_of(folder: Path, mounts: Path = MOUNTS) -> Mount:
    """What a folder lies on.

    Args:
        folder: one that exists.
        mounts: the list to look in.
    """
    found = Mount(Path("/"), "", "")
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return found
    for line in lines:
        before, _, after = line.partition(" - ")
        where = Path(_unescaped(before.split()[4]))
        if folder.resolve().is_relative_to(where) and len(where.parts) >= len(found.place.parts):  # the last is on top
            kind, _, options = after.split(" ", 2)
            found = Mount(where, kind, options)
    return found


def carries_locks(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Whether every process that can write to a folder sees the POSIX locks of every other, wherever it runs.

    False where that cannot be said: sshfs keeps locks to itself, and so do others, by the way that they are mounted.
    """
    _, kind, options = mount_of(folder, mounts)
    return kind in _OF_ONE_MACHINE or (kind == "nfs4" and not re.search(r"\blocal_lock=(all|posix)\b", options))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
