"""Which files make the pairs of a folder, and whether each has its partner; free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from engine.config.data import UnpairedData
from engine.config.image_files import is_folder, list_images, path_text
from engine.config.methods import methods_taking
from engine.config.splits import Split
from engine.errors import RequestError

NO_PAIRS = (
    'Images that are no pairs belong in trainA and trainB, with data.kind = "unpaired", which '
    f"{', '.join(methods_taking(UnpairedData))} take; pix2pix needs pairs."
)
"""What to do with them."""


@dataclass(frozen=True)
class SideBySideFiles:
    """Files that hold a pair each: domain A on the left, domain B on the right."""

    folder: Path
    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True, kw_only=True)
class MatchedFiles:
    """Files of two folders; those with the same number are a pair."""

    folder_A: Path
    folder_B: Path
    paths_A: tuple[Path, ...]
    paths_B: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths_A)


PairFiles: TypeAlias = SideBySideFiles | MatchedFiles


def find_pairs(root: Path, split: Split) -> PairFiles:
    """The pairs of a split; none where it is not there, or one of its two folders holds no image.

    Raises:
        RequestError: a folder cannot be listed, a file has no partner, or it has two.
    """
    if is_folder(root / "train"):
        return SideBySideFiles(root / split, tuple(list_images(root / split)))
    return matched_files(root / "A" / split, root / "B" / split, (f"A/{split}", f"B/{split}"))


def matched_files(folder_A: Path, folder_B: Path, names: tuple[str, str]) -> MatchedFiles:
    """The pairs of two folders whose files have equal names; none where one of them holds no image.

    Args:
        folder_A: images of domain A.
        folder_B: likewise of domain B.
        names: what the folders are called where a file has no partner.

    Raises:
        RequestError: as find_pairs.
    """
    files_A, files_B = _by_name(folder_A), _by_name(folder_B)
    if not files_A or not files_B:
        return MatchedFiles(folder_A=folder_A, folder_B=folder_B, paths_A=(), paths_B=())
    _require_partners(files_A, files_B, names[1])
    _require_partners(files_B, files_A, names[0])
    return MatchedFiles(
        folder_A=folder_A,
        folder_B=folder_B,
        paths_A=tuple(files_A.values()),
        paths_B=tuple(files_B[name] for name in files_A),
    )


def find_shown_pairs(root: Path) -> PairFiles:
    """What sample sheets show: the pairs of test, or else of val, or else of train.

    Raises:
        RequestError: as find_pairs.
    """
    return find_pairs(root, "test") or find_pairs(root, "val") or find_pairs(root, "train")


def pair_name(path: Path, folder: Path) -> Path:
    """What the two files of a pair have in common: the path within their folder, without its extension."""
    return path.relative_to(folder).with_suffix("")


def _by_name(folder: Path) -> dict[Path, Path]:
    """A folder's images by their path within it without its extension, in order."""
    found: dict[Path, Path] = {}
    for path in list_images(folder):
        name = pair_name(path, folder)
        if name in found:
            fact = f"has the same name as {path_text(found[name])}, and pairs are matched by name"
            raise RequestError(path_text(path), fact, "Remove or rename one of the two.")
        found[name] = path
    return found


def _require_partners(files: dict[Path, Path], others: dict[Path, Path], where: str) -> None:
    alone = [path for name, path in files.items() if name not in others]
    if not alone:
        return
    rest = f", nor have {len(alone) - 1} more of the {len(files)} images beside it" if len(alone) > 1 else ""
    fix = f"Add or remove files until both folders have the same names. {NO_PAIRS}"
    raise RequestError(path_text(alone[0]), f"has no partner of its name in {where}{rest}", fix)
