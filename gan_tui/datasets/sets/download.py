"""A file from one of several addresses to this disk: tried again, gone on with, and checked before it counts."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import WorkError
from gan_tui.datasets.sets.known import SetFile
from gan_tui.datasets.sets.progress import Progress
from gan_tui.datasets.sets.transfer import CHUNK, Partial, PassingError, UselessError, transfer

LONGEST_WAIT = 60.0


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long an address that gives nothing is tried."""

    tries: int = 5
    """In a row without one byte that was not here before."""
    first_wait: float = 1.0
    """Seconds before the second; doubled from then on, to LONGEST_WAIT at most."""
    sleep: Callable[[float], None] = time.sleep


USUAL = Patience()


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A file that is here."""

    path: Path
    url: str
    """Where it is from; empty where it lay here."""
    bytes: int
    sha256: str
    compared: bool
    """Whether a published checksum says that it is right."""


def download(
    file: SetFile, urls: Sequence[str], folder: Path, progress: Progress, patience: Patience = USUAL
) -> Arrived:
    """Bring a file into a folder, from the first address that gives it; what is there already is not fetched again.

    Args:
        file: which.
        urls: addresses, in the order in which to try.
        folder: that is there.
        progress: is told.
        patience: with each address.

    Raises:
        WorkError: no address gives it, or the disk takes no more.
    """
    partial = Partial(folder / file.name)
    if partial.path.exists():
        found = _checked(file, partial, "", progress)
        if isinstance(found, Arrived):
            return found
        raise WorkError(str(partial.path), found, "Move it away, and it is fetched.")
    failures = []
    for url in urls:
        try:
            return _from(url, file, partial, progress, patience)
        except UselessError as error:
            failures.append(f"{url} {error}")
            if url != urls[-1]:
                progress.say(f"{failures[-1]}.")
    fix = f"What has come is kept: try again later, name a mirror (--mirror URL), or put it into {folder} by hand."
    raise WorkError(file.name, "cannot be had: " + ("; ".join(failures) or "no address of it is known"), fix)


def _from(url: str, file: SetFile, partial: Partial, progress: Progress, patience: Patience) -> Arrived:
    """The file from one address.

    Raises:
        UselessError: it is given up, with the last reason.
    """
    resumed = partial.here > 0
    while True:
        _bring(url, file, partial, progress, patience)
        partial.complete()
        found = _checked(file, partial, url, progress)
        if isinstance(found, Arrived):
            return found
        partial.drop()
        if not resumed:
            raise UselessError(found)
        progress.say(f"{file.name} {found}: its parts do not belong together, so it is fetched anew.")
        resumed = False


def _bring(url: str, file: SetFile, partial: Partial, progress: Progress, patience: Patience) -> None:
    best, failed, wait = partial.here, 0, patience.first_wait
    while True:
        try:
            return transfer(
                url,
                partial,
                file.bytes,
                checked=bool(file.sha256 or file.md5),
                began=lambda total, here: progress.begin(file.name, total, here),
                moved=progress.advance,
            )
        except PassingError as error:
            if partial.here > best:
                best, failed, wait = partial.here, 0, patience.first_wait
            failed += 1
            if failed == patience.tries:
                raise UselessError(str(error)) from error
            pause = min(LONGEST_WAIT, max(wait, error.wait))
            progress.say(f"{url} {error}; tried again in {pause:.0f} s.")
            patience.sleep(pause)
            wait *= 2


def _checked(file: SetFile, partial: Partial, url: str, progress: Progress) -> Arrived | str:
    """The file, if its size and checksum are those that are known; else what is the case, as a clause."""
    path = partial.path
    size = path.stat().st_size
    if file.bytes is not None and size != file.bytes:
        return f"has {size:,} bytes, not the {file.bytes:,} that were published"
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    progress.begin(f"checking {file.name}", size)
    with path.open("rb") as opened:
        while data := opened.read(4 * CHUNK):
            sha256.update(data)
            if file.md5 and not file.sha256:
                md5.update(data)
            progress.advance(len(data))
        os.fsync(opened.fileno())
    for name, known, found in (("SHA-256", file.sha256, sha256), ("MD5", "" if file.sha256 else file.md5, md5)):
        if known and found.hexdigest() != known:
            return f"has the {name} {found.hexdigest()}, not {known} as published"
    return Arrived(
        path=path, url=url, bytes=size, sha256=sha256.hexdigest(), compared=bool(file.sha256 or file.md5)
    )  # fmt: skip
