"""A file from one of several addresses to this disk: tried again, gone on with, and checked before it counts."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import WorkError
from engine.protocol.jobs import Progress, Remark, Tell
from gan_tui.datasets.sets.known import SetFile
from gan_tui.datasets.sets.partial import Partial
from gan_tui.datasets.sets.transfer import CHUNK, PassingError, UselessError, transfer

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
    file: SetFile, urls: Sequence[str], folder: Path, tell: Tell, patience: Patience = USUAL, *, otherwise: str = ""
) -> Arrived:
    """Bring a file into a folder, from the first address that gives it; what is there already is not fetched again.

    Args:
        file: which.
        urls: addresses, in the order in which to try.
        folder: that is there.
        tell: is told.
        patience: with each address.
        otherwise: what to do where none gives it, but for trying again, as the end of a sentence.

    Raises:
        WorkError: no address gives it, or the disk takes no more.
    """
    partial = Partial(folder / file.name)
    if partial.path.exists():
        found = _checked(file, partial, partial.path, "", tell)
        if isinstance(found, Arrived):
            return found
        raise WorkError(str(partial.path), found, "Move it away, and it is fetched.")
    failures: dict[str, list[str]] = {}
    for url in urls:
        try:
            return _from(url, file, partial, tell, patience)
        except UselessError as error:
            failures.setdefault(str(error), []).append(url)
            if url != urls[-1]:
                tell(Remark(text=f"{url} {error}."))
    again = "What has come is kept: try again later" if partial.here else "Try again later"
    fix = f"{again}, {otherwise}." if otherwise else f"{again}."
    raise WorkError(file.name, f"cannot be had: {_in_words(failures)}", fix)


def _in_words(failures: Mapping[str, Sequence[str]]) -> str:
    """Which addresses failed, by the reasons why."""
    reasons = [
        f"{urls[0]} {reason}" if len(urls) == 1 else f"each of {' and '.join(urls)} {reason}"
        for reason, urls in failures.items()
    ]
    return "; ".join(reasons) or "no address of it is known"


def _from(url: str, file: SetFile, partial: Partial, tell: Tell, patience: Patience) -> Arrived:
    """The file from one address; it has its name once it has been checked.

    Raises:
        UselessError: it is given up, with the last reason.
    """
    resumed = partial.here > 0
    while True:
        _bring(url, file, partial, tell, patience)
        found = _checked(file, partial, partial.part, url, tell)
        if isinstance(found, Arrived):
            partial.complete()
            return found
        partial.drop()
        if not resumed:
            raise UselessError(found)
        tell(Remark(text=f"{file.name} {found}: its parts do not belong together, so it is fetched anew."))
        resumed = False


def _bring(url: str, file: SetFile, partial: Partial, tell: Tell, patience: Patience) -> None:
    best, failed, wait = partial.here, 0, patience.first_wait
    while True:
        try:
            return transfer(url, partial, file, tell)
        except PassingError as error:
            if partial.here > best:
                best, failed, wait = partial.here, 0, patience.first_wait
            failed += 1
            if failed == patience.tries:
                raise UselessError(str(error)) from error
            pause = min(LONGEST_WAIT, max(wait, error.wait))
            tell(Remark(text=f"{url} {error}; tried again in {pause:.0f} s."))
            patience.sleep(pause)
            wait *= 2


def _checked(file: SetFile, partial: Partial, lies: Path, url: str, tell: Tell) -> Arrived | str:
    """The file, if its size and checksum are those that are known; else what is the case, as a clause."""
    size = lies.stat().st_size
    if file.bytes is not None and size != file.bytes:
        return f"has {size:,} bytes, not the {file.bytes:,} that were published"
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    looked_at = 0
    with lies.open("rb") as opened:
        while data := opened.read(4 * CHUNK):
            sha256.update(data)
            if file.md5 and not file.sha256:
                md5.update(data)
            looked_at += len(data)
            tell(Progress(what=f"checking {file.name}", done=looked_at, total=size, unit="bytes"))
        os.fsync(opened.fileno())
    for name, known, found in (("SHA-256", file.sha256, sha256), ("MD5", "" if file.sha256 else file.md5, md5)):
        if not found.hexdigest().startswith(known):
            whole = len(known) == len(found.hexdigest())
            published = f"not {known} as published" if whole else f"which does not begin with {known} as published"
            return f"has the {name} {found.hexdigest()}, {published}"
    return Arrived(
        path=partial.path, url=url, bytes=size, sha256=sha256.hexdigest(), compared=bool(file.sha256 or file.md5)
    )
