"""Whether a lock that another machine holds would be seen from here, by the file system that a folder lies on."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
"""What is mounted where, as Linux lists it for this process."""

_OF_ONE_MACHINE = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "tmpfs", "overlay"})
"""Mounted on one machine at a time: whoever may hold a lock there has this kernel, in another container at most."""


def carries_locks(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Whether every process that can write to a folder sees the POSIX locks of every other, wherever it runs.

    False where that cannot be said: sshfs keeps locks to itself, and so do others, by the way that they are mounted.

    Args:
        folder: one that exists.
        mounts: the list to look in.
    """
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return False
    place, kind, options = Path("/"), "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        where = Path(_unescaped(before.split()[4]))
        if folder.resolve().is_relative_to(where) and len(where.parts) >= len(place.parts):  # the last one is on top
            place, (kind, _, options) = where, after.split(" ", 2)
    return kind in _OF_ONE_MACHINE or (kind == "nfs4" and not re.search(r"\blocal_lock=(all|posix)\b", options))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
