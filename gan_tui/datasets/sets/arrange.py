"""From what was downloaded to a folder as training reads it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias, assert_never

from engine.config.data import DigitsData, PairedData, UnpairedData
from engine.config.data_check import check_data
from engine.config.digit_files import digits_in, find_digits
from engine.config.image_files import list_images
from engine.errors import RequestError
from engine.protocol.digits import PublishedDigits
from engine.protocol.jobs import Tell
from gan_tui.datasets.sets.archives import Limits, unpack
from gan_tui.datasets.sets.content_error import ContentError
from gan_tui.datasets.sets.known import KnownSet
from gan_tui.datasets.sets.labelled import sort_by_label

GROWTH, ROOM = 8, 64 << 20
"""What an archive of images may come to: so many times its own size, and so many bytes. Images hardly shrink."""
MORE_FILES = 2
FILES_BESIDE = 1000
"""What it may have: so many times the files that are known of, and so many more."""
ANY_NUMBER = 1_000_000
"""Files of an archive of which no number is known."""
_DEEP = 3
"""Folders that an archive may have around its content."""

Convert: TypeAlias = Callable[[PublishedDigits, Path, Path, Tell], None]
"""Writes a published set of digits, of one folder, in the form in which training reads it, into another that is new.

It raises WorkError where the files are not right. It is a process of its own that does it, of which nothing is known
here.
"""


def arrange(wanted: KnownSet, files: Sequence[Path], work: Path, tell: Tell, convert: Convert) -> Path:
    """Make a set's folder of its files.

    Args:
        wanted: which set.
        files: what was downloaded, in the order of the catalogue; left as it is.
        work: an empty folder to do it in.
        tell: is told.
        convert: for what only PyTorch's libraries read.

    Returns:
        A folder within it that holds what the set's layout says.

    Raises:
        ContentError: the files do not hold that.
        WorkError: the disk takes no more.
    """
    folder = work / wanted.name
    match wanted.arrives:
        case "archive":
            folder = _unpacked(wanted, files, work, tell)
        case "labelled":
            sort_by_label(wanted.name, _unpacked(wanted, files, work, tell), folder)
        case "idx":
            folder.mkdir()
            for path in files:
                shutil.copyfile(path, folder / path.name)
        case "usps" | "svhn":
            convert(wanted.arrives, files[0].parent, folder, tell)
        case _:
            assert_never(wanted.arrives)
    _require_layout(wanted, folder)
    return folder


def images_in(wanted: KnownSet, folder: Path) -> dict[str, int]:
    """How many images each part of a set has, for the parts whose numbers are known."""
    if wanted.layout == "digits":
        found = {split: find_digits(folder, split) for split in ("train", "test") if split in wanted.images}
        return {split: digits_in(files, ()) for split, files in found.items() if files is not None}
    return {part: len(list_images(folder / part)) for part in wanted.images if (folder / part).is_dir()}


def _unpacked(wanted: KnownSet, files: Sequence[Path], work: Path, tell: Tell) -> Path:
    into = work / "unpacked"
    into.mkdir()
    known = sum(wanted.images.values())
    for archive in files:
        limits = Limits(
            files=MORE_FILES * known + FILES_BESIDE if known else ANY_NUMBER,
            bytes=GROWTH * archive.stat().st_size + ROOM,
        )
        unpack(archive, into, limits, tell)
    return _content(wanted, into)


def _content(wanted: KnownSet, folder: Path) -> Path:
    """Where an archive's content begins: archives have the set's name around it, or not."""
    for _ in range(_DEEP):
        inner = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        if len(inner) != 1 or not inner[0].is_dir() or inner[0].name in wanted.images:
            break
        folder = inner[0]
    return folder


def _require_layout(wanted: KnownSet, folder: Path) -> None:
    try:
        match wanted.layout:
            case "unpaired":
                check_data(UnpairedData(root=str(folder), resize=1, crop=1))
            case "paired":
                check_data(PairedData(root=str(folder), resize=1, crop=1))
            case "digits":
                check_data(DigitsData(root=str(folder.parent), A=folder.name, B=folder.name))
            case "unknown":
                pass
            case _:
                assert_never(wanted.layout)
    except RequestError as error:
        raise ContentError(
            wanted.name,
            f"has come as something else: {error.one_line().rstrip('.')}",
            "Name another mirror: --mirror URL.",
        ) from error
