"""A known set, from its address to its folder: all of it appears there, or nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import msgspec

from engine.errors import RequestError, WorkError
from engine.protocol.jobs import Tell
from gan_tui.datasets.sets.arrange import Convert, arrange, images_in
from gan_tui.datasets.sets.claim import WAITING_ROOM, claimed
from gan_tui.datasets.sets.content_error import ContentError
from gan_tui.datasets.sets.download import USUAL, Arrived, Patience, download
from gan_tui.datasets.sets.known import KnownSet, addresses
from gan_tui.datasets.sets.partial import Partial
from gan_tui.datasets.sets.space import require_room

NOTE = ".fetched.json"
"""In a set's folder: what it was made of."""


class FetchedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a set was made of."""

    name: str
    url: str
    bytes: int
    sha256: str
    compared: bool
    """Whether a published checksum said that it was right; else this one is the first that is known."""


class FetchedNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a set's folder says of its own origin."""

    name: str
    time: float
    """Unix time."""
    files: list[FetchedFile]


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A set that is here."""

    folder: Path
    note: FetchedNote | None
    """What it was made of just now; None where it was here before."""
    images: dict[str, int]
    """In each of its parts."""


def fetch(
    wanted: KnownSet,
    root: Path,
    mirrors: Sequence[str],
    tell: Tell,
    convert: Convert,
    patience: Patience = USUAL,
) -> Fetched:
    """Bring a set into ROOT/NAME, going on with what an earlier fetch left.

    Args:
        wanted: which set.
        root: folder of sets; made where it is missing.
        mirrors: addresses to try before the publishers'.
        tell: is told.
        convert: for what only PyTorch's libraries read.
        patience: with each address.

    Raises:
        RequestError: it is not to be had, or something else is in its place.
        WorkError: it cannot be downloaded or unpacked, the disk is full, or another fetch of it is under way.
    """
    require_fetchable(wanted)
    with claimed(root, wanted.name, elsewhere="--root DIR") as waiting:
        target = root / wanted.name
        if target.exists():
            return _here_already(wanted, target, waiting)
        require_room(waiting, _still_needed(wanted, waiting), wanted.name)
        otherwise = f"name a mirror (--mirror URL), or put it into {waiting} by hand"
        arrived = [
            download(file, addresses(file, wanted, mirrors), waiting, tell, patience, otherwise=otherwise)
            for file in wanted.files
        ]
        fetched = _set_up(wanted, arrived, waiting / "work", target, tell, convert)
        _sweep(wanted, waiting)
        return fetched


def _set_up(
    wanted: KnownSet, arrived: Sequence[Arrived], work: Path, target: Path, tell: Tell, convert: Convert
) -> Fetched:
    """Make a set's folder of its files, and put it in its place when it is whole."""
    _clear(work)
    note = FetchedNote(name=wanted.name, time=time.time(), files=[_noted(each) for each in arrived])
    try:
        work.mkdir()
        folder = arrange(wanted, [each.path for each in arrived], work, tell, convert)
        images = images_in(wanted, folder)
        (folder / NOTE).write_bytes(msgspec.json.encode(note))
        os.sync()  # power may fail at any moment: what has its name has its content
        folder.rename(target)
    except ContentError:
        for each in arrived:
            if not each.compared:  # nothing says that it is what was published
                each.path.unlink()
        raise
    except OSError as error:
        fix = "What is downloaded is kept: make room, or make it writable, and the same command goes on."
        raise WorkError(str(target), f"cannot be put there ({error.strerror})", fix) from error
    finally:
        _clear(work)
    return Fetched(folder=target, note=note, images=images)


def require_fetchable(wanted: KnownSet) -> None:
    """Refuse what cannot be fetched, before anything is.

    Raises:
        RequestError: its licence forbids it, or a package is missing that reads it.
    """
    if wanted.refused:
        raise RequestError(wanted.name, wanted.refused, wanted.terms)
    if wanted.arrives == "svhn" and find_spec("scipy") is None:
        fact = "comes as MATLAB's files, which the package scipy reads, and that is not installed"
        raise RequestError(wanted.name, fact, "Install it: pip install 'gan-tui[svhn]'")


def part_here(wanted: KnownSet, root: Path) -> int:
    """How many bytes of a set an unfinished fetch has left."""
    waiting = root / WAITING_ROOM / wanted.name
    paths = [waiting / name for file in wanted.files for name in (file.name, f"{file.name}.part")]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _here_already(wanted: KnownSet, target: Path, waiting: Path) -> Fetched:
    images = images_in(wanted, target) if target.is_dir() else {}
    if wanted.images and not any(images.values()):
        raise RequestError(str(target), f"is there and holds no {wanted.name}", "Move it away, or give another --root.")
    if (target / NOTE).exists():  # by a fetch, which may have been killed before it swept
        _sweep(wanted, waiting)
    return Fetched(folder=target, note=None, images=images)


def _sweep(wanted: KnownSet, waiting: Path) -> None:
    """Take away what a set has been made of."""
    _clear(waiting / "work")
    for file in wanted.files:
        partial = Partial(waiting / file.name)
        partial.path.unlink(missing_ok=True)
        partial.drop()


def _still_needed(wanted: KnownSet, waiting: Path) -> int:
    """Bytes that download and unpacking will take, as far as is known: images hardly shrink in archives."""
    size = wanted.bytes or 0
    return max(0, 2 * size - part_here(wanted, waiting.parents[1]))


def _noted(arrived: Arrived) -> FetchedFile:
    return FetchedFile(
        name=arrived.path.name,
        url=arrived.url,
        bytes=arrived.bytes,
        sha256=arrived.sha256,
        compared=arrived.compared,
    )


def _clear(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
