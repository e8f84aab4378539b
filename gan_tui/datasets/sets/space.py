"""Whether a disk has room for what is about to be written."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import WorkError


def require_room(folder: Path, wanted: int, subject: str) -> None:
    """Refuse to begin what the disk has no room for.

    Args:
        folder: that is there, on the disk in question.
        wanted: bytes.
        subject: what they are for.

    Raises:
        WorkError: there is less room.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted:
        fact = f"needs {in_words(wanted)} on the disk of {folder}, which has {in_words(free)} left"
        raise WorkError(subject, fact, "Make room there, or fetch into another folder: --root DIR.")


def in_words(size: int) -> str:
    """A number of bytes in the decimal unit that it fills: 532 kB, 117 MB, 1.48 GB."""
    for unit, of in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= of:
            return f"{size / of:.3g} {unit}" if size < 1000 * of else f"{size / of:,.0f} {unit}"
    return f"{size} bytes"
