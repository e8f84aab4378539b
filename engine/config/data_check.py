"""What a preset's [data] section needs of the disk, checked before a run is started; free of torch."""

from __future__ import annotations

import contextlib
from itertools import islice
from pathlib import Path
from typing import assert_never

from engine.config.data import DataConfig, SyntheticData, UnpairedData
from engine.config.image_files import EXTENSIONS, UnreadableImageError, image_size, list_images, path_text
from engine.errors import RequestError

HEADERS_CHECKED = 8
"""Images of each folder whose header is read up front; the others are read when training comes to them."""


def check_data(config: DataConfig) -> None:
    """Refuse data that training could not begin with.

    Raises:
        RequestError: a folder is missing or holds no image, or one of the first images cannot be read or, where
            images keep their size, is smaller than the crop.
    """
    match config:
        case UnpairedData():
            _check_unpaired(config)
        case SyntheticData():
            pass
        case _:
            assert_never(config)


def data_root(config: UnpairedData) -> Path:
    """The folder named by data.root, with ~ expanded.

    Raises:
        RequestError: none is named, or none can have that name.
    """
    if not config.root:
        raise RequestError("data.root", "is not set", "Give --data DIR, a folder that holds trainA and trainB.")
    try:
        root = Path(config.root).expanduser()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # told with what else a folder may lack
            root.stat()
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RequestError("data.root", f"cannot be looked at ({reason})", "Set --data or data.root anew.") from error
    return root


def _check_unpaired(config: UnpairedData) -> None:
    root = data_root(config)
    if not root.is_dir():
        fact = "is not a folder" if root.exists() else "does not exist"
        raise RequestError(path_text(root), fact, "Set --data or data.root to a folder that holds trainA and trainB.")
    missing = [name for name in ("trainA", "trainB") if not (root / name).is_dir()]
    if missing:
        raise RequestError(path_text(root), f"has no {' and no '.join(missing)}", _other_folders(root))
    for name in ("trainA", "trainB"):
        _check_images(root / name, config)


def _other_folders(root: Path) -> str:
    try:
        found = sorted(
            path_text(Path(entry.name)) for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")
        )
    except OSError as error:
        return f"It cannot be listed: {error.strerror}."
    for name in found:
        if (root / name / "trainA").is_dir() and (root / name / "trainB").is_dir():
            return f"Did you mean {path_text(root / name)}?"
    if not found:
        return "It holds no folder at all; set --data or data.root to one that holds trainA and trainB."
    shown = ", ".join(found[:8]) + (", ..." if len(found) > 8 else "")
    return f"It holds {shown}; set --data or data.root to a folder that holds trainA and trainB."


def _check_images(folder: Path, config: UnpairedData) -> None:
    images = list_images(folder)
    if not images:
        known = " ".join(sorted(EXTENSIONS))
        raise RequestError(path_text(folder), "holds no image", f"Put images there; their names end in one of {known}.")
    for path in islice(images, HEADERS_CHECKED):
        try:
            width, height = image_size(path)
        except UnreadableImageError as error:
            raise RequestError(error.subject, error.fact, error.fix) from error
        if not config.resize and min(width, height) < config.crop:
            raise RequestError(
                path_text(path),
                f"is {width}x{height} px, too small for data.crop = {config.crop}",
                f"Set data.crop to {min(width, height)} or less, or data.resize to {config.crop} or more.",
            )
