"""Which image files are meant by what a user names: files, folders and patterns. Free of torch."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.config.image_files import EXTENSIONS, list_images, path_text
from engine.config.user_paths import at_home
from engine.errors import RequestError


@dataclass(frozen=True)
class Source:
    """An image file that is to be translated."""

    path: Path
    name: Path
    """Its path within the folder that was named, or the folder that a pattern begins with; else its name alone."""


def find_sources(inputs: Iterable[bytes], out: Path) -> list[Source]:
    """Every image file that is meant, in the order of the inputs; one that is meant twice alike, once.

    Args:
        inputs: a file is taken whatever its name; of a folder every image below it but hidden ones, and of a pattern
            (``*``, ``?``, ``[...]``, ``**`` for folders in between) every image and folder that matches. What is there
            by that very name is no pattern.
        out: where translations will lie; below a folder that is named they are no inputs.

    Raises:
        RequestError: an input is not there or holds no image, or a folder cannot be listed.
    """
    found: dict[Source, None] = {}
    for given in inputs:
        found.update(dict.fromkeys(_meant_by(os.fsdecode(given), out)))
    return list(found)


def _meant_by(given: str, out: Path) -> Iterator[Source]:
    if not given:
        raise RequestError("INPUT", "is empty", "Name a file, a folder or a pattern.")
    path = at_home(given)
    try:
        if path.is_dir():
            yield from _some(list(_below(path, Path(), out)), path, "holds no image")
        elif path.exists() or not glob.has_magic(given):
            yield _file(path)
        else:
            yield from _some(list(_matching(path, out)), path, "matches no image")
    except OSError as error:  # such as a name that is too long
        raise RequestError(path_text(path), f"cannot be looked at ({error.strerror})", "Name another.") from error


def _file(path: Path) -> Source:
    if not path.exists():
        raise RequestError(path_text(path), "is not there", "Name a file, a folder or a pattern of images.")
    return Source(path, Path(path.name))


def _below(folder: Path, name: Path, out: Path) -> Iterator[Source]:
    """The images of a folder, but for those that were written below it before."""
    for path in list_images(folder):
        if not _was_written(path, folder, out):
            yield Source(path, name / path.relative_to(folder))


def _was_written(path: Path, folder: Path, out: Path) -> bool:
    """Whether an image lies where translations do, and that below the folder in which images are looked for."""
    image, named, written = (Path(os.path.abspath(each)) for each in (path, folder, out))  # noqa: PTH100 - links stay
    return written != named and image.is_relative_to(written)


def _matching(pattern: Path, out: Path) -> Iterator[Source]:
    parts = pattern.parts
    plain = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    beginning = Path(*parts[:plain])
    if ".." in parts[plain:]:  # translations would lie outside of the folder for them
        raise RequestError(path_text(pattern), "goes back (..) behind its first wildcard", "Name the folder itself.")
    for match in sorted(glob.glob(str(pattern), recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute pattern
        path = Path(match)
        name = path.relative_to(beginning)
        if path.is_dir():
            yield from _below(path, name, out)
        elif path.suffix.lower() in EXTENSIONS and not _was_written(path, beginning, out):
            yield Source(path, name)


def _some(found: list[Source], path: Path, otherwise: str) -> list[Source]:
    if not found:
        known = ", ".join(sorted(extension[1:] for extension in EXTENSIONS))
        raise RequestError(path_text(path), otherwise, f"Images are files whose names end in {known}.")
    return found
