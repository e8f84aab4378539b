"""A folder to write in what is to be seen once it is whole: it goes when the writing ends, however that ends."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LETTERS = 8
"""Bytes of chance in a name, so that no two are alike."""
_YOUNG_SECONDS = 60.0
"""One that was changed within that may have been made just now, and not be held yet."""


@contextmanager
def workshop(parent: Path, kind: str) -> Iterator[Path]:
    """A new hidden folder for the time of a block; those that killed processes have left beside it are deleted.

    Args:
        parent: where it is made.
        kind: what is done in it: its name begins so.

    Raises:
        OSError: it cannot be made.
    """
    _sweep(parent, kind)
    folder = parent / f".{kind}-{secrets.token_hex(_LETTERS)}"
    try:  # before it is made: an interrupt may come as soon as it is
        folder.mkdir(mode=0o700)
        with _held(folder, fcntl.LOCK_EX):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path, kind: str) -> None:
    """Delete those that no living process holds; on a file system without locks none."""
    name = re.compile(rf"\.{kind}-[0-9a-f]{{{2 * _LETTERS}}}")
    for folder in parent.glob(f".{kind}-*"):
        with suppress(OSError):
            if name.fullmatch(folder.name) and time.time() - folder.stat().st_mtime > _YOUNG_SECONDS:
                with _held(folder, fcntl.LOCK_EX | fcntl.LOCK_NB, required=True):
                    shutil.rmtree(folder)


@contextmanager
def _held(folder: Path, how: int, *, required: bool = False) -> Iterator[None]:
    """A lock that ends with the process. Raises OSError: it cannot be had, and is required."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(descriptor, how)
        except OSError:
            if required:
                raise
        yield
    finally:
        os.close(descriptor)
