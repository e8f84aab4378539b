"""Files that are made for a user: named so that nothing is overwritten, and written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from engine.errors import RequestError, WorkError

PlotFormat: TypeAlias = Literal["svg", "png", "csv"]
FORMATS: tuple[PlotFormat, ...] = ("svg", "png", "csv")


def format_of(path: Path) -> PlotFormat:
    """How a plot is written to a file of that name.

    Raises:
        RequestError: its name ends otherwise.
    """
    ending = path.suffix.lower().removeprefix(".")
    for known in FORMATS:
        if ending == known:
            return known
    raise RequestError(str(path), "does not say how a plot is to be written", "Let it end with .svg, .png or .csv.")


def folder_for_files() -> Path:
    """Where files lie unless the user wants them elsewhere: the working directory, or home where that was deleted."""
    return working_directory() or Path.home()


def working_directory() -> Path | None:
    """None where it was deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def unused(folder: Path, stem: str, ending: str) -> Path:
    """A path in a folder that nothing lies at yet."""
    names = (f"{stem}.{ending}", *(f"{stem}-{number}.{ending}" for number in range(2, 10_000)))
    return next(folder / name for name in names if not os.path.lexists(folder / name))


def write_file(path: Path, content: Iterable[bytes], *, over: bool = False) -> int:
    """Write a file; what was written of it is gone when that fails.

    Args:
        path: where to.
        content: in pieces.
        over: whether it may take another file's place.

    Returns:
        Its size in bytes.

    Raises:
        RequestError: there is such a file already, or no such folder.
        WorkError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part") if path.name else path
    try:
        if path.is_dir():
            raise RequestError(str(path), "is a folder", "Add a name for the file.")
        if path.exists() and not over:
            fix = "Choose another name, or say that it is to be written over."
            raise RequestError(str(path), "exists already", fix)
        with draft.open("wb") as file:
            size = sum(map(file.write, content))
        draft.replace(path)
    except FileNotFoundError as error:
        raise RequestError(str(path.parent), "is no folder", "Make it first, or choose another.") from error
    except OSError as error:
        with contextlib.suppress(OSError):  # what stood in the way of the file does so here too
            draft.unlink()
        fact = f"cannot be written ({error.strerror})"
        raise WorkError(str(path), fact, "Choose a place with room, where you may write.") from error
    return size
