"""Whether a disk has room for what is about to be written."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import WorkError
from engine.sizes import size_text


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
        fact = f"needs {size_text(wanted)} on the disk of {folder}, which has {size_text(free)} left"
        raise WorkError(subject, fact, "Make room there, or fetch into another folder: --root DIR.")
