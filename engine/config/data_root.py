"""The folder named by data.root: where it is, and what it should hold; free of torch."""

from __future__ import annotations

import contextlib
from pathlib import Path
from stat import S_ISDIR
from typing import assert_never

from engine.config.data import DigitsData, PairedData, RootedData, UnpairedData
from engine.config.image_files import is_folder, path_text
from engine.config.methods import methods_taking
from engine.config.user_paths import at_home
from engine.errors import RequestError

SHOWN = 8
"""Folders that a message names at most."""


def data_root(config: RootedData) -> Path:
    """The folder named by data.root, with ~ expanded.

    Raises:
        RequestError: none is named, or none can have that name.
    """
    if not config.root:
        raise RequestError("data.root", "is not set", f"Give --data DIR, a folder that holds {contents(config)}.")
    try:
        root = at_home(config.root)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # told with what else a folder may lack
            root.stat()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RequestError("data.root", f"cannot be looked at ({reason})", "Set --data or data.root anew.") from error
    return root


def require_root(config: RootedData) -> Path:
    """The folder named by data.root, which is there and laid out as this kind of data is.

    Raises:
        RequestError: as data_root; it is no folder; or a folder is missing from it.
    """
    root = data_root(config)
    if not is_folder(root):
        fact = "is not a folder" if root.exists() else "does not exist"
        fix = f"Set --data or data.root to a folder that holds {contents(config)}."
        raise RequestError(path_text(root), fact, fix)
    try:
        missing = _missing(root, config)
    except OSError as error:
        fix = "Make it readable, or set --data or data.root anew."
        raise RequestError(path_text(Path(error.filename)), f"cannot be looked at ({error.strerror})", fix) from error
    if missing:
        raise RequestError(path_text(root), f"has no {' and no '.join(missing)}", _what_it_holds(root, config))
    return root


def contents(config: RootedData) -> str:
    """What data.root has to hold, in words."""
    match config:
        case UnpairedData():
            return "trainA and trainB"
        case PairedData():
            return "train, or A and B"
        case DigitsData():
            return " and ".join(name or f"the set data.{key}" for key, name in (("A", config.A), ("B", config.B)))
        case _:
            assert_never(config)


def _missing(root: Path, config: RootedData) -> list[str]:
    """What the folder lacks, in words. Raises OSError: that cannot be told."""
    match config:
        case UnpairedData():
            names = ["trainA", "trainB"]
        case PairedData():
            if _is_there(root / "train"):
                return []
            halves = [name for name in ("A/train", "B/train") if not _is_there(root / name)]
            return ["train", *halves] if len(halves) == 2 else halves
        case DigitsData():
            names = list(dict.fromkeys((config.A, config.B)))
        case _:
            assert_never(config)
    return [name for name in names if not _is_there(root / name)]


def _is_there(folder: Path) -> bool:
    """As Path.is_dir, but that what cannot be looked at is not taken for missing, as Python has it from 3.14 on."""
    try:
        return S_ISDIR(folder.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _is_laid_out(root: Path, config: RootedData) -> bool:
    try:
        return not _missing(root, config)
    except OSError:
        return False


def _what_it_holds(root: Path, config: RootedData) -> str:
    """What to do about a folder that is laid out otherwise."""
    try:
        found = sorted(
            path_text(Path(entry.name))
            for entry in root.iterdir()
            if is_folder(entry) and not entry.name.startswith(".")
        )
    except OSError as error:
        return f"It cannot be listed: {error.strerror}."
    for name in found:
        if _is_laid_out(root / name, config):
            return f"Did you mean {path_text(root / name)}?"
    for other in (UnpairedData(), PairedData()):
        if not isinstance(config, DigitsData | type(other)) and _is_laid_out(root, other):
            kind = other.__struct_config__.tag
            taking = ", ".join(methods_taking(type(other)))
            others = "; pix2pix needs pairs" if isinstance(config, PairedData) else ""
            return f'It is laid out as {kind} images: set data.kind = "{kind}", which {taking} take{others}.'
    what = contents(config)
    if not found:
        return f"It holds no folder at all; set --data or data.root to one that holds {what}."
    shown = ", ".join(found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")
    return f"It holds {shown}; set --data or data.root to a folder that holds {what}."
