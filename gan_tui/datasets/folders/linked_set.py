"""A set of images made of links to folders that lie elsewhere, laid out for training; nothing is copied or moved."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.config.image_files import list_images, path_text
from engine.config.paired_files import matched_files
from engine.config.user_paths import at_home
from engine.errors import GanTuiError, RequestError, WorkError
from gan_tui.datasets.folders.layouts import recognise


@contextmanager
def linked_set(root: Path, a: Path, b: Path, *, pairs: bool) -> Iterator[tuple[str, str] | None]:
    """Lay two folders out as domains A and B of a new set; if the block fails, the set is taken away again.

    Gives the names of the sets within it where they are of digits.

    Args:
        root: the set's folder, which is not there yet or is empty.
        a: images of domain A, or a set of labelled digits.
        b: likewise of domain B.
        pairs: files of one name are a pair.

    Raises:
        RequestError: the folders do not suit, or the set's holds something.
        WorkError: it cannot be made.
    """
    links = _links(root, a, b, pairs=pairs)
    first, second = links
    digits = (first.name, second.name) if first.parent == root and first.name != "trainA" else None
    _require_room(root)
    made: list[Path] = []
    try:
        for link, target in links.items():
            made += _make_folder(link.parent)
            link.symlink_to(target, target_is_directory=True)
            made.append(link)
        yield digits
    except BaseException as error:
        _take_away(made)
        if isinstance(error, OSError):
            raise WorkError(path_text(root), f"cannot be made: {error.strerror}", "Name another folder.") from error
        if isinstance(error, GanTuiError):
            raise _of_originals(error, links) from error
        raise


def _of_originals(error: GanTuiError, links: Mapping[Path, Path]) -> GanTuiError:
    """What is said of files by way of links, which are gone, said of the files."""
    originals = {path_text(link): path_text(target) for link, target in links.items()}
    longest_first = sorted(originals, key=len, reverse=True)  # the name of one may begin another's
    link = re.compile("|".join(map(re.escape, longest_first)))
    words = [link.sub(lambda found: originals[found[0]], each) for each in (error.subject, error.fact, error.fix)]
    kind = RequestError if error.exit_code == RequestError.exit_code else WorkError
    return kind(*words)


def _links(root: Path, a: Path, b: Path, *, pairs: bool) -> dict[Path, Path]:
    folders = [_required(folder, option, root) for folder, option in ((a, "--A"), (b, "--B"))]
    first, second = folders
    if first == second:
        raise RequestError("--A and --B", "are the same folder", "Name the folder of each domain.")
    if all(recognise(folder).kind == "digit-set" for folder in folders):
        if first.name == second.name:
            raise RequestError("--A and --B", f"are sets of one name, {first.name}", "Rename one of the folders.")
        return {root / folder.name: folder for folder in folders}
    for folder in folders:
        if not list_images(folder):
            raise RequestError(path_text(folder), "holds no image", "Name a folder of images.")
    if pairs:
        _require_pairs(first, second)
        return {root / "A" / "train": first, root / "B" / "train": second}
    return {root / "trainA": first, root / "trainB": second}


def _require_pairs(first: Path, second: Path) -> None:
    try:
        matched_files(first, second, (path_text(first), path_text(second)))
    except RequestError as error:
        fix = "Add or remove files until both folders have the same names; pix2pix needs pairs, cyclegan does not."
        raise RequestError(error.subject, error.fact, fix) from error


def _required(folder: Path, option: str, root: Path) -> Path:
    try:
        found = at_home(folder).resolve()
        is_folder = found.is_dir()
    except (OSError, RuntimeError) as error:
        raise RequestError(f"{option} {path_text(folder)}", "cannot be looked at", "Name a folder.") from error
    if not is_folder:
        raise RequestError(f"{option} {path_text(folder)}", "is not a folder", "Name a folder of images.")
    if root.resolve().is_relative_to(found):
        fact = "would hold the set that is made of it"
        raise RequestError(f"{option} {path_text(folder)}", fact, "Name another folder for the set.")
    return found


def _require_room(root: Path) -> None:
    try:
        if not os.path.lexists(root) or (root.is_dir() and not any(root.iterdir())):
            return
        fact = "is there already, and holds something" if root.is_dir() else "is there already"
    except OSError as error:
        fact = f"cannot be looked at: {error.strerror}"
    fix = "Name a folder that is not there yet: it is made, with links to those of --A and --B. For a preset of what is"
    fix += " there leave those two out."
    raise RequestError(path_text(root), fact, fix)


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and those that it lies in; those that were not there before, the outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _take_away(made: list[Path]) -> None:
    for path in reversed(made):
        with contextlib.suppress(OSError):
            if path.is_symlink():
                path.unlink()
            else:
                path.rmdir()
