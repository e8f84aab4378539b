"""The private folder for sockets, and a live engine's addresses in it."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from engine.errors import WorkError
from engine.protocol.rundir import Endpoints

SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path (sun_path less its terminator)."""


def socket_folder() -> Path:
    """The user's own folder for sockets, 0700, made when missing.

    Raises:
        WorkError: it belongs to someone else, is open to others, or its path is too long.
    """
    folder = _wanted_folder()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        fix = "Set XDG_RUNTIME_DIR to a folder of yours."
        raise WorkError(str(folder), f"cannot be made ({error.strerror})", fix) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise WorkError(str(folder), "is not a folder of yours", "Remove it, or set XDG_RUNTIME_DIR.")
    if status.st_mode & 0o077:
        folder.chmod(0o700)
    if len(os.fsencode(folder)) + 24 > SOCKET_PATH_LIMIT:
        raise WorkError(str(folder), "is too long a path for a socket", "Set XDG_RUNTIME_DIR to a shorter one.")
    return folder


def _wanted_folder() -> Path:
    """In the user's runtime directory or, on a machine that gives none, under their number in the temporary one."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    candidates = [Path(given)] if given else []
    candidates.append(Path(f"/run/user/{os.getuid()}"))
    for candidate in candidates:
        if candidate.is_dir() and os.access(candidate, os.W_OK):
            return candidate / "gan-tui"
    return Path(tempfile.gettempdir()) / f"gan-tui-{os.getuid()}"


def endpoints_of(run_id: str) -> Endpoints:
    """The addresses on which the engine of a run listens."""
    folder = socket_folder()
    return Endpoints(
        events=f"ipc://{folder}/{run_id}.e", sheets=f"ipc://{folder}/{run_id}.s", commands=f"ipc://{folder}/{run_id}.c"
    )
