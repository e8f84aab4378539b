"""What a preset's [data] section needs of the disk, checked before a run is started; free of torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from engine.config.data import DataConfig, DigitsData, PairedData, SyntheticData, SyntheticDigits, UnpairedData
from engine.config.data_root import require_root
from engine.config.digit_files import (
    DigitFiles,
    DigitFolders,
    IdxFiles,
    digits_in,
    find_digits,
    idx_sizes,
    require_digits,
)
from engine.config.idx_header import require_values
from engine.config.image_files import EXTENSIONS, UnreadableImageError, image_size, list_images, path_text
from engine.config.paired_files import NO_PAIRS, MatchedFiles, SideBySideFiles, find_pairs, find_shown_pairs
from engine.errors import RequestError

HEADERS_CHECKED = 8
"""Images of each folder whose header is read up front; the others are read when training comes to them."""


def check_data(config: DataConfig) -> None:
    """Refuse data that training could not begin with.

    Raises:
        RequestError: a folder is missing or holds no image, an image has no partner or no label, an IDX file is not
            one or is cut off, or one of the first images cannot be read or, where images keep their size, is smaller
            than the crop.
    """
    match config:
        case UnpairedData():
            root = require_root(config)
            for name in ("trainA", "trainB"):
                images = list_images(root / name)
                _require_some(root / name, images)
                _check_sizes(images, config)
        case PairedData():
            _check_pairs(config)
        case DigitsData():
            _check_digits(config)
        case SyntheticData() | SyntheticDigits():
            pass
        case _:
            assert_never(config)


def training_items(config: DataConfig) -> int:
    """How many images of a domain, or pairs, an epoch has: as many as the larger domain.

    Raises:
        RequestError: as check_data.
    """
    match config:
        case UnpairedData():
            root = require_root(config)
            return max(len(list_images(root / name)) for name in ("trainA", "trainB"))
        case PairedData():
            return len(find_pairs(require_root(config), "train"))
        case DigitsData():
            root = require_root(config)
            return max(
                digits_in(require_digits(root / name, "train"), without)
                for name, without in ((config.A, config.without_A), (config.B, config.without_B))
            )
        case SyntheticData() | SyntheticDigits():
            return config.images
        case _:
            assert_never(config)


def _require_some(folder: Path, images: Sequence[Path]) -> None:
    if not images:
        known = " ".join(sorted(EXTENSIONS))
        raise RequestError(path_text(folder), "holds no image", f"Put images there; their names end in one of {known}.")


def _check_sizes(images: Sequence[Path], config: UnpairedData | PairedData) -> None:
    for path in images[:HEADERS_CHECKED]:
        _require_room(path, _size(path), config)


def _check_pairs(config: PairedData) -> None:
    root = require_root(config)
    find_shown_pairs(root)
    match find_pairs(root, "train"):
        case SideBySideFiles() as files:
            _require_some(files.folder, files.paths)
            for path in files.paths[:HEADERS_CHECKED]:
                width, height = _size(path)
                if width % 2:
                    fact = f"is {width} px wide: it has no two equal halves"
                    raise RequestError(path_text(path), fact, f"Replace it. {NO_PAIRS}")
                _require_room(path, (width // 2, height), config, "has halves of")
        case MatchedFiles() as files:
            for folder in (files.folder_A, files.folder_B):
                _require_some(folder, files.paths_A or list_images(folder))
            _check_sizes(files.paths_A, config)
            _check_sizes(files.paths_B, config)


def _check_digits(config: DigitsData) -> None:
    for key, name, what in (("data.A", config.A, "source"), ("data.B", config.B, "target")):
        if not name:
            raise RequestError(key, "is not set", f'Name the folder of the {what} set in data.root, such as "mnist".')
    root = require_root(config)
    for name in dict.fromkeys((config.A, config.B)):
        _check_headers(require_digits(root / name, "train"))
        test = find_digits(root / name, "test")
        if test is not None:
            _check_headers(test)


def _check_headers(files: DigitFiles) -> None:
    match files:
        case IdxFiles():
            idx_sizes(files)
            require_values(files.images, 3)
            require_values(files.labels, 1)
        case DigitFolders():
            for path in files.paths[:HEADERS_CHECKED]:
                _size(path)
        case _:
            assert_never(files)


def _size(path: Path) -> tuple[int, int]:
    try:
        return image_size(path)
    except UnreadableImageError as error:
        raise RequestError(error.subject, error.fact, error.fix) from error


def _require_room(path: Path, size: tuple[int, int], config: UnpairedData | PairedData, what_is: str = "is") -> None:
    """Where images keep their size, the crop must fit into it."""
    width, height = size
    if config.resize or min(width, height) >= config.crop:
        return
    raise RequestError(
        path_text(path),
        f"{what_is} {width}x{height} px, too small for data.crop = {config.crop}",
        f"Set data.crop to {min(width, height)} or less, or data.resize to {config.crop} or more.",
    )
