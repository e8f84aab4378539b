"""The private folder for sockets, and a live engine's addresses in it."""

from __future__ import annotations

import os
import secrets
import socket
import stat
import tempfile
from pathlib import Path

from engine.errors import WorkError
from engine.protocol.rundir import Endpoints

SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path (sun_path less its terminator)."""
NAME_ROOM = 24
"""Of these so many are left for the socket's own name."""


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
    if len(os.fsencode(folder)) + NAME_ROOM > SOCKET_PATH_LIMIT:
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


def endpoints_of(name: str) -> Endpoints:
    """The addresses in the user's socket folder under a name of a dozen letters."""
    stem = f"ipc://{socket_folder()}/{name}"
    return Endpoints(events=f"{stem}.e", sheets=f"{stem}.s", commands=f"{stem}.c")


def new_endpoints() -> Endpoints:
    """Addresses never used before, one set for each start of an engine: a copied run directory names nobody else's."""
    return endpoints_of(secrets.token_hex(6))


def remove_stale(endpoints: Endpoints) -> None:
    """Remove the socket files of an engine that died; those on which somebody listens stay."""
    for address in (endpoints.events, endpoints.sheets, endpoints.commands):
        path = socket_path(address)
        if path is not None and path.is_socket() and not _is_heard(path):
            path.unlink(missing_ok=True)


def unheard_sockets(folder: Path) -> list[Path]:
    """The sockets in a folder on which nobody listens: those of engines that died."""
    return [path for path in sorted(folder.iterdir()) if path.is_socket() and not _is_heard(path)]


def socket_path(address: str) -> Path | None:
    """The file of an ``ipc://`` address; None for another transport."""
    return Path(address.removeprefix("ipc://")) if address.startswith("ipc://") else None


def _is_heard(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def wake_pipe() -> tuple[int, int]:
    """The ends, to read and to write, of a pipe that blocks neither: by it one thread wakes another's poll."""
    reader, writer = os.pipe()  # os.pipe2 is not everywhere
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer
