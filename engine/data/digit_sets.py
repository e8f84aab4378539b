"""From a preset's [data] section to its sets of labelled digits."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from engine.config.data import DigitsConfig, DigitsData, SyntheticDigits
from engine.config.data_root import data_root
from engine.config.digit_files import DigitFiles, DigitFolders, DigitSplit, IdxFiles, find_digits, require_digits
from engine.config.image_files import path_text
from engine.data.digits import DigitSet, GreyDigits, ReadDigits
from engine.data.domains import FolderDomain
from engine.data.drawn_digits import HELD_OUT, INKS, DigitDrawings, Ink, digits_drawn
from engine.data.epochs import Labels
from engine.data.idx import read_labelled_idx
from engine.errors import RequestError

DomainName: TypeAlias = Literal["A", "B"]
Without: TypeAlias = tuple[int, ...]


def labelled(config: DigitsConfig, seed: int, domain: DomainName, split: DigitSplit) -> DigitSet:
    """The labelled images of one domain, as training with this section and seed has them.

    Those of the training split lack the digits that are left out of the domain; those of the test split lack none, so
    that an evaluation shows what became of them.

    Args:
        config: the preset's [data] section.
        seed: what drawn digits follow from.
        domain: after the swap that direction BtoA makes.
        split: for training, or kept apart from it.

    Raises:
        RequestError: the files are missing or damaged, or no image is left.
    """
    first = (domain == "A") == (config.direction == "AtoB")
    without = (config.without_A if first else config.without_B) if split == "train" else ()
    match config:
        case DigitsData():
            folder = _folder(config, first)
            return _stored(require_digits(folder, split), folder, without, config.size)
        case SyntheticDigits():
            return _drawn(config, seed, INKS[0 if first else 1], split, without)
        case _:
            assert_never(config)


def shown_digits(config: DigitsConfig, seed: int, domain: DomainName) -> DigitSet:
    """What sample sheets show of a domain: its test images, or its training images where it has no others.

    Raises:
        RequestError: as labelled.
    """
    first = (domain == "A") == (config.direction == "AtoB")
    if isinstance(config, DigitsData) and find_digits(_folder(config, first), "test") is None:
        return labelled(config, seed, domain, "train")
    return labelled(config, seed, domain, "test")


def _folder(config: DigitsData, first: bool) -> Path:
    return data_root(config).resolve() / (config.A if first else config.B)


def _stored(files: DigitFiles, folder: Path, without: Without, side: int) -> DigitSet:
    match files:
        case IdxFiles():
            greys, labels = read_labelled_idx(files)
            kept = _kept(labels, without, path_text(folder))
            return GreyDigits(name=path_text(files.images), greys=greys[kept], labels=labels[kept], side=side)
        case DigitFolders():
            labels = np.array(files.labels, np.int64)
            kept = _kept(labels, without, path_text(folder))
            paths = tuple(files.paths[index] for index in kept)
            return ReadDigits(FolderDomain(files.folder, paths), labels[kept], side)
        case _:
            assert_never(files)


def _drawn(config: SyntheticDigits, seed: int, ink: Ink, split: DigitSplit, without: Without) -> DigitSet:
    """Drawings: those for training come first."""
    first, number = (0, config.images) if split == "train" else (config.images, HELD_OUT)
    labels = digits_drawn(ink, seed, range(first, first + number))
    kept = _kept(labels, without, f"{ink} digits")
    drawings = DigitDrawings(ink=ink, seed=seed, side=config.size, numbers=first + kept, labels=labels[kept])
    return ReadDigits(drawings, labels[kept], config.size)


def _kept(labels: Labels, without: Without, name: str) -> NDArray[np.int64]:
    """The numbers of the images that are not left out."""
    kept = np.flatnonzero(~np.isin(labels, without))
    if not len(kept):
        digits = ", ".join(map(str, without))
        raise RequestError(name, f"has no training image but of the digits left out: {digits}", "Leave out fewer.")
    return kept
