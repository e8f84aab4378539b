"""How a folder of images is laid out: which of its folders are which domain of which split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from engine.config import splits
from engine.config.data import DataConfig, DigitsData, PairedData, UnpairedData
from engine.config.digit_files import DigitFolders, DigitSplit, IdxFiles, find_digits, seems_digits
from engine.config.image_files import UnreadableImageError, image_size, is_folder, list_images
from engine.errors import GanTuiError, RequestError

Kind: TypeAlias = Literal[
    "unpaired", "side-by-side", "matched", "digits", "digit-set", "two-folders", "images", "several", "nothing"
]
"""unpaired: trainA and trainB. side-by-side: train, of files with both halves. matched: A/train and B/train, with equal
names. digits: two or more sets of labelled digits. digit-set: one. two-folders: of images, under other names. images:
in one place. several: folders that are sets themselves, or more than two of images. nothing: no image."""
Split: TypeAlias = splits.Split | Literal[""]
"""Empty for images of no part."""
Files: TypeAlias = tuple[Path, ...] | DigitFolders | IdxFiles

TRAINABLE: frozenset[Kind] = frozenset({"unpaired", "side-by-side", "matched", "digits"})
"""Folders that data.root can be, as they are."""

_SPLITS: tuple[Split, ...] = ("train", "val", "test")
_LOOKED_AT = 16
"""Images whose headers tell whether they are pairs side by side."""
_WIDE = 1.9
"""Width over height from which an image is taken for two halves: pairs of squares have 2, wide film frames 1.78."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One folder of images within a layout."""

    name: str
    """Its path within the root; "." for the root itself."""
    folder: Path
    split: Split
    domain: str
    """A, B, AB where a file holds both, the name of a set of digits, or empty."""
    files: Files

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its image files; none of digits in IDX files."""
        match self.files:
            case IdxFiles():
                return ()
            case DigitFolders(paths=paths) | paths:
                return paths


@dataclass(frozen=True, kw_only=True)
class FolderLayout:
    """What a folder is."""

    kind: Kind
    root: Path
    """What data.root would have to be."""
    parts: tuple[Part, ...] = ()
    troubles: tuple[GanTuiError, ...] = ()
    """What could not be looked at, and why."""
    beside: tuple[tuple[Path, Kind], ...] = ()
    """Other folders in the root, and what they are."""

    def seen_size(self, width: int, height: int) -> tuple[int, int]:
        """Of an image file's width and height in pixels what training takes for one image: of two halves, one."""
        return (width // 2 if self.kind == "side-by-side" else width, height)


def recognise(folder: Path) -> FolderLayout:
    """What a folder is, by the names in it; a folder that only holds another such folder is that one."""
    layout = _known(folder)
    if layout is not None:
        return layout
    children = [(child, _known(child)) for child in _folders(folder)]
    known = [found for _, found in children if found is not None]
    sets = [found for found in known if found.kind == "digit-set"]
    others = tuple((found.root, found.kind) for found in known if found.kind != "digit-set")
    if len(sets) > 1:
        return digit_sets(folder, [found.root.name for found in sets], others)
    if len(known) == 1:
        return known[0]
    if known:
        return FolderLayout(kind="several", root=folder, beside=tuple((found.root, found.kind) for found in known))
    return _plain(folder, [child for child, _ in children])


def laid_out_for(folder: Path, config: DataConfig) -> FolderLayout | None:
    """A folder as a preset's [data] section reads it; None where that section reads none.

    The folder has what the section needs (engine.config.data_root.require_root).
    """
    match config:
        case UnpairedData():
            return _unpaired(folder)
        case PairedData():
            return _side_by_side(folder) if is_folder(folder / "train") else _matched(folder)
        case DigitsData():
            return digit_sets(folder, list(dict.fromkeys((config.A, config.B))))
        case _:
            return None


def digit_sets(root: Path, names: Iterable[str], beside: tuple[tuple[Path, Kind], ...] = ()) -> FolderLayout:
    """Some sets of digits in one folder."""
    sets = [_digit_set(root / name, f"{name}/", name) for name in names]
    parts = tuple(part for found in sets for part in found.parts)
    troubles = tuple(trouble for found in sets for trouble in found.troubles)
    return FolderLayout(kind="digits", root=root, parts=parts, troubles=troubles, beside=beside)


def _known(folder: Path) -> FolderLayout | None:
    """A folder that is laid out as something that is trained on, or as one set of digits."""
    if is_folder(folder / "trainA") or is_folder(folder / "trainB"):
        return _unpaired(folder)
    if _seems_digits(folder):
        return _digit_set(folder, "", folder.name)
    if is_folder(folder / "A" / "train") or is_folder(folder / "B" / "train"):
        return _matched(folder)
    if is_folder(folder / "train") and _are_wide(_Gathering().images(folder / "train")):
        return _side_by_side(folder)
    return None


def _seems_digits(folder: Path) -> bool:
    try:
        return seems_digits(folder)
    except RequestError:
        return False


class _Gathering:
    """Lists folders, and keeps what was wrong with them."""

    def __init__(self) -> None:
        self.troubles: list[GanTuiError] = []

    def images(self, folder: Path) -> tuple[Path, ...]:
        try:
            return tuple(list_images(folder))
        except RequestError as error:
            self.troubles.append(error)
            return ()

    def part(self, root: Path, name: str, split: Split, domain: str) -> Part | None:
        """A folder of images, if it is there."""
        folder = root / name
        if not is_folder(folder):
            return None
        return Part(name=name, folder=folder, split=split, domain=domain, files=self.images(folder))

    def digits(self, folder: Path, split: DigitSplit) -> DigitFolders | IdxFiles | None:
        try:
            return find_digits(folder, split)
        except RequestError as error:
            self.troubles.append(error)
            return None


def _layout(kind: Kind, root: Path, names: Iterable[tuple[str, Split, str]]) -> FolderLayout:
    gathering = _Gathering()
    parts = [gathering.part(root, name, split, domain) for name, split, domain in names]
    there = tuple(part for part in parts if part is not None)
    return FolderLayout(kind=kind, root=root, parts=there, troubles=tuple(gathering.troubles))


def _unpaired(root: Path) -> FolderLayout:
    names: list[tuple[str, Split, str]] = [("trainA", "train", "A"), ("trainB", "train", "B")]
    return _layout("unpaired", root, [*names, ("testA", "test", "A"), ("testB", "test", "B")])


def _side_by_side(root: Path) -> FolderLayout:
    return _layout("side-by-side", root, [(split, split, "AB") for split in _SPLITS])


def _matched(root: Path) -> FolderLayout:
    return _layout("matched", root, [(f"{domain}/{split}", split, domain) for split in _SPLITS for domain in "AB"])


def _digit_set(folder: Path, prefix: str, name: str) -> FolderLayout:
    gathering, parts = _Gathering(), []
    splits: tuple[DigitSplit, ...] = ("train", "test")
    for split in splits:
        files = gathering.digits(folder, split)
        if files is not None:
            parts.append(Part(name=f"{prefix}{split}", folder=folder, split=split, domain=name, files=files))
    return FolderLayout(kind="digit-set", root=folder, parts=tuple(parts), troubles=tuple(gathering.troubles))


def _plain(folder: Path, children: list[Path]) -> FolderLayout:
    """Images in folders that are not named as any layout has them."""
    gathering = _Gathering()
    parts = [gathering.part(folder, child.name, "", "") for child in children]
    holding = [part for part in parts if part is not None and part.files]
    directly = [path for path in gathering.images(folder) if path.parent == folder]
    troubles = tuple({trouble.one_line(): trouble for trouble in gathering.troubles}.values())
    if directly or (len(holding) == 1 and holding[0].name not in _SPLITS):
        whole = gathering.part(folder, ".", "", "")
        return FolderLayout(kind="images", root=folder, parts=(whole,) if whole else (), troubles=troubles)
    if holding and {part.name for part in holding} <= set(_SPLITS):
        return _of_splits(folder)
    if not holding:
        return FolderLayout(kind="nothing", root=folder, troubles=troubles)
    kind: Kind = "two-folders" if len(holding) == 2 else "several"
    return FolderLayout(kind=kind, root=folder, parts=tuple(holding), troubles=troubles)


def _of_splits(folder: Path) -> FolderLayout:
    """Folders train and test of what is neither pairs nor digits: perhaps two folders of images in train."""
    train = folder / "train"
    inner = _plain(train, _folders(train)) if is_folder(train) else None
    if inner is not None and inner.kind == "two-folders":
        return inner
    return _layout("images", folder, [(split, split, "") for split in _SPLITS])


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, but for hidden ones.

    Raises:
        RequestError: it cannot be listed.
    """
    try:
        return sorted(entry for entry in folder.iterdir() if is_folder(entry) and not entry.name.startswith("."))
    except OSError as error:
        raise RequestError(str(folder), f"cannot be listed: {error.strerror}", "Make it readable.") from error


def _are_wide(paths: tuple[Path, ...]) -> bool:
    """Whether most of the first images are as wide as two side by side."""
    shapes: Counter[bool] = Counter()
    for path in paths[:_LOOKED_AT]:
        try:
            width, height = image_size(path)
        except UnreadableImageError:
            continue
        shapes[width >= _WIDE * height] += 1
    return shapes[True] > shapes[False]
