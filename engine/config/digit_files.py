"""Which files hold a set of labelled digits: a pair of IDX files, or a folder for each digit; free of torch."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, assert_never

from engine.config.idx_header import idx_shape, opened_idx, read_values
from engine.config.image_files import is_folder, list_images, path_text
from engine.errors import RequestError

DigitSplit: TypeAlias = Literal["train", "test"]

DIGITS = 10

_IDX_NAME = re.compile(
    r"(?P<prefix>.*?)(?P<split>train|t10k|test)[-_.](?P<what>images|labels)[-_.]idx(?P<dimensions>[13])-ubyte(\.gz)?",
    re.IGNORECASE,
)
"""The names that MNIST and its kin are published under, such as usps-train-images-idx3-ubyte.gz."""
_SPLITS: dict[str, DigitSplit] = {"train": "train", "t10k": "test", "test": "test"}


@dataclass(frozen=True)
class IdxFiles:
    """Images and their labels, in the same order."""

    images: Path
    labels: Path


@dataclass(frozen=True)
class DigitFolders:
    """Image files, each with the digit whose folder it is in."""

    folder: Path
    paths: tuple[Path, ...]
    """Every digit in its turn, so that the first few show as many digits as there are."""
    labels: tuple[int, ...]


DigitFiles: TypeAlias = IdxFiles | DigitFolders


def find_digits(folder: Path, split: DigitSplit) -> DigitFiles | None:
    """The files of a split; None where it is not there.

    IDX files may lie in the folder itself, in raw or, as torchvision lays them out, in MNIST/raw.

    Raises:
        RequestError: one of two IDX files is missing, there are several, or a folder is named like no digit.
    """
    return _find_idx(folder, split) or _find_folders(folder / split)


def seems_digits(folder: Path) -> bool:
    """Whether a folder has files or folders named as those of a set of digits are, complete or not.

    Raises:
        RequestError: a folder cannot be listed.
    """
    names = (path.name for where in _idx_folders(folder) for path in _entries(where))
    if any(map(_IDX_NAME.fullmatch, names)):
        return True
    train = folder / "train"
    digits = (entry for entry in _entries(train) if re.fullmatch("[0-9]", entry.name)) if is_folder(train) else ()
    return any(map(is_folder, digits))


def require_digits(folder: Path, split: DigitSplit) -> DigitFiles:
    """The files of a split.

    Raises:
        RequestError: as find_digits, or there are none.
    """
    found = find_digits(folder, split)
    if found is None:
        fact = f"has no {split} digits"
        fix = f"It needs {split}-images-idx3-ubyte and {split}-labels-idx1-ubyte (or .gz), or folders {split}/0 to "
        raise RequestError(path_text(folder), fact, f"{fix}{split}/9 of images.")
    return found


def idx_sizes(files: IdxFiles) -> tuple[int, int, int]:
    """Number, height and width of the images in a pair of IDX files, by their headers.

    Raises:
        RequestError: a header is not right, or there are not as many labels as images.
    """
    number, height, width = idx_shape(files.images, 3)
    (labels,) = idx_shape(files.labels, 1)
    if labels != number:
        fact = f"has {labels:,} labels for the {number:,} images of {files.images.name}"
        raise RequestError(path_text(files.labels), fact, "Fetch both files anew.")
    return number, height, width


def read_labels(files: IdxFiles) -> bytes:
    """The digit of every image, a byte each.

    Raises:
        RequestError: as opened_idx, or a label is no digit.
    """
    with opened_idx(files.labels, 1) as (file, shape):
        labels = read_values(files.labels, file, shape)
    beyond = next((at for at, label in enumerate(labels) if label >= DIGITS), None)
    if beyond is not None:
        fact = f"has label {labels[beyond]} at {beyond}, where labels are 0 to {DIGITS - 1}"
        raise RequestError(path_text(files.labels), fact, "Use a set of digits.")
    return labels


def digits_in(files: DigitFiles, without: Collection[int]) -> int:
    """How many images a split has that are not of digits left out.

    Raises:
        RequestError: as read_labels.
    """
    match files:
        case IdxFiles():
            labels: Iterable[int] = read_labels(files)
        case DigitFolders():
            labels = files.labels
        case _:
            assert_never(files)
    return sum(label not in without for label in labels)


class _Name(NamedTuple):
    folder: Path
    prefix: str
    split: str
    """As it is written."""


def _find_idx(folder: Path, split: DigitSplit) -> IdxFiles | None:
    sets: dict[_Name, dict[str, Path]] = defaultdict(dict)
    for where in _idx_folders(folder):
        for path in reversed(_entries(where)):  # of a name with and without .gz, the second is kept
            name = _IDX_NAME.fullmatch(path.name)
            if name and _SPLITS[name["split"].lower()] == split:
                sets[_Name(where, name["prefix"], name["split"])][name["what"].lower()] = path
    if not sets:
        return None
    if len(sets) > 1:
        several = ", ".join(path_text(path.relative_to(folder)) for files in sets.values() for path in files.values())
        raise RequestError(path_text(folder), f"has several sets of {split} digits: {several}", "Keep one of them.")
    (found,) = sets.values()
    if len(found) < 2:
        (what, path), missing = next(iter(found.items())), "labels" if "images" in found else "images"
        raise RequestError(path_text(path), f"has no file of {missing} beside it", f"Add the {missing} of the {what}.")
    return IdxFiles(images=found["images"], labels=found["labels"])


def _idx_folders(folder: Path) -> list[Path]:
    inner = [entry / "raw" for entry in _entries(folder) if not entry.name.startswith(".")]
    return [where for where in (folder, folder / "raw", *inner) if is_folder(where)]


def _find_folders(folder: Path) -> DigitFolders | None:
    if not is_folder(folder):
        return None
    ranked: list[tuple[int, int, Path]] = []
    for entry in _entries(folder):
        if entry.name.startswith(".") or not is_folder(entry):
            continue
        if not re.fullmatch("[0-9]", entry.name):
            raise RequestError(path_text(entry), "is not named like a digit", "Keep only folders 0 to 9 there.")
        ranked.extend((rank, int(entry.name), path) for rank, path in enumerate(list_images(entry)))
    if not ranked:
        return None
    ranked.sort(key=lambda each: each[:2])
    return DigitFolders(folder, tuple(path for _, _, path in ranked), tuple(digit for _, digit, _ in ranked))


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise RequestError(path_text(folder), f"cannot be listed: {error.strerror}", "Make it readable.") from error
