"""Which mirrors a user wishes to be tried before a set's publishers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from engine.errors import RequestError

VARIABLE = "GAN_TUI_DATA_MIRROR"
"""Addresses of folders, parted by blanks."""


def wished_mirrors(given: Sequence[str], environ: Mapping[str, str], said: Sequence[str]) -> tuple[str, ...]:
    """Addresses of folders, in the order in which they are tried.

    Args:
        given: with the command.
        environ: the process's environment.
        said: in the user's file.

    Raises:
        RequestError: one is no address that files can be fetched from.
    """
    sources = (
        ("--mirror", given),
        (VARIABLE, environ.get(VARIABLE, "").split()),
        ("data.mirrors of your config.toml", said),
    )
    for source, mirrors in sources:
        for mirror in mirrors:
            _require_address(source, mirror)
    return tuple(dict.fromkeys(mirror for _, mirrors in sources for mirror in mirrors))


def _require_address(source: str, mirror: str) -> None:
    if not mirror.isascii():
        fix = "Write them as a request has them: %XX for each byte of a path, xn--... for a host."
        raise RequestError(f"{source} {mirror}", "has letters beyond ASCII", fix)
    if not _is_folder(mirror) or not mirror.isprintable() or " " in mirror:
        fix = "Give the address of the folder that holds the files, as https://mirror.example.org/sets"
        raise RequestError(f"{source} {mirror}", "is not an http or https address of a folder", fix)


def _is_folder(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna")  # refuses, as a request would, what no name server takes
        _ = parts.port  # refuses what is no number of a port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and not parts.query and not parts.fragment
