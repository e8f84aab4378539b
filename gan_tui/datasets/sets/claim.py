"""A folder for what is on its way, which one process at a time has."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from engine.errors import RequestError, WorkError

WAITING_ROOM = ".fetch"
"""Folder beside what is fetched, for what is not complete: on the same disk, so that it can be renamed to its place."""
TRIES = 100
"""To hold a folder that others take away at that moment."""


@contextlib.contextmanager
def claimed(root: Path, name: str, *, elsewhere: str = "") -> Iterator[Path]:
    """The folder ROOT/.fetch/NAME, held for this process; the kernel lets go of it when the process dies.

    What is left in it at the end stays for the next one; where nothing is, it is taken away.

    Args:
        root: made where it is missing.
        name: of what is fetched.
        elsewhere: the option that names another root, for what is told of one that does not do.

    Raises:
        RequestError: the root is no folder.
        WorkError: it cannot be written, or another process has it.
    """
    waiting = root / WAITING_ROOM / name
    with _lock_file(root, waiting, elsewhere):
        try:
            yield waiting
        finally:
            if not any(entry.name != "lock" for entry in waiting.iterdir()):
                shutil.rmtree(waiting, ignore_errors=True)
                with contextlib.suppress(OSError):  # others may be on their way
                    waiting.parent.rmdir()


def _lock_file(root: Path, waiting: Path, elsewhere: str) -> IO[bytes]:
    """The file by which a folder is held; held until it is closed."""
    reason = "it disappears again and again"
    for _ in range(TRIES):
        try:
            waiting.mkdir(parents=True, exist_ok=True)
            lock = (waiting / "lock").open("ab")
        except FileNotFoundError as error:  # another fetch may have ended in this moment, and taken the folder away
            reason = str(error.strerror)
            continue
        except NotADirectoryError as error:
            another = f": {elsewhere}" if elsewhere else ""
            raise RequestError(str(root), "is not a folder", f"Name another{another}.") from error
        except OSError as error:
            reason = str(error.strerror)
            break
        try:
            _lock(lock.fileno(), waiting, elsewhere)
            if _still_named(lock.fileno(), waiting / "lock"):
                return lock
        except BaseException:
            lock.close()
            raise
        lock.close()
    fix = "Make it writable" + (f", or name another folder: {elsewhere}." if elsewhere else ".")
    raise WorkError(str(waiting), f"cannot be written ({reason})", fix)


def _lock(descriptor: int, waiting: Path, elsewhere: str) -> None:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            fact = "is being fetched into that folder by another process"
            raise WorkError(waiting.name, fact, "Wait for it.") from error
        fact = f"cannot be claimed: the file system refuses locks ({error.strerror})"
        fix = "Fetch into a folder on another disk" + (f": {elsewhere}." if elsewhere else ".")
        raise WorkError(waiting.name, fact, fix) from error


def _still_named(descriptor: int, path: Path) -> bool:
    """Whether a lock is the one that others find: its holder may have taken it away."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
