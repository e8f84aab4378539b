"""A domain: a numbered collection of images, on disk or drawn; reading it past the images that are damaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from PIL import Image

from engine.config.decoding import open_rgb
from engine.config.image_files import UnreadableImageError, path_text
from engine.data.transforms import Pixels, UnfitImageError
from engine.errors import WorkError

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Collection(Protocol[R_co]):
    """What is read from somewhere, numbered from 0."""

    @property
    def name(self) -> str:
        """What a message calls it: its folder, or what was drawn."""

    def __len__(self) -> int: ...

    def read(self, index: int) -> R_co:
        """One of them. Raises UnreadableImageError."""

    def describe(self, index: int) -> str:
        """What a report calls one of them."""


class Domain(Collection[Image.Image], Protocol):
    """Images, RGB, numbered from 0."""

    def short_name(self, index: int) -> str:
        """What tells one image from the others of the domain, wherever its folder lies."""


@dataclass(frozen=True)
class FolderDomain:
    """Image files."""

    folder: Path
    paths: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The folder."""
        return path_text(self.folder)

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int) -> Image.Image:
        """One image, RGB, upright. Raises UnreadableImageError."""
        return open_rgb(self.paths[index])

    def describe(self, index: int) -> str:
        """Its file."""
        return path_text(self.paths[index])

    def short_name(self, index: int) -> str:
        """Its file's path within the folder."""
        return str(self.paths[index].relative_to(self.folder))


@dataclass(frozen=True)
class DrawnDomain:
    """Drawings kept in memory, each (side, side, 3) uint8."""

    name: str
    drawings: tuple[Pixels, ...]

    def __len__(self) -> int:
        return len(self.drawings)

    def read(self, index: int) -> Image.Image:
        """One drawing, RGB."""
        return Image.fromarray(self.drawings[index])

    def describe(self, index: int) -> str:
        """Its number."""
        return f"{self.name}, number {index}"

    def short_name(self, index: int) -> str:
        """Its number."""
        return str(index)


@dataclass(frozen=True)
class Problem:
    """An image that was passed over."""

    path: str
    """Its file, as text that can be written anywhere."""
    reason: str
    """Why, as a clause: "cannot be decoded: image file is truncated"."""


def read_framed(domain: Collection[R], index: int, frame: Callable[[R], T]) -> tuple[T, int, tuple[Problem, ...]]:
    """What is at an index, framed; where it cannot be used, the next that can, in the order of the numbers.

    Returns:
        What ``frame`` made of it, the index that was used, and the images passed over.

    Raises:
        WorkError: no image of the domain can be used.
    """
    problems: list[Problem] = []
    for offset in range(len(domain)):
        candidate = (index + offset) % len(domain)
        try:
            return frame(domain.read(candidate)), candidate, tuple(problems)
        except UnreadableImageError as error:
            problems.append(Problem(path_text(error.path), error.reason))
        except UnfitImageError as error:
            problems.append(Problem(domain.describe(candidate), str(error)))
    first = f"; the first, {problems[0].path}, {problems[0].reason}" if problems else ""
    raise WorkError(
        domain.name, f"none of its {len(domain)} images can be used{first}", "Repair the folder, then resume."
    )


def read_first(
    domain: Collection[R], number: int, frame: Callable[[R], T], between: Callable[[], None]
) -> tuple[list[T], tuple[Problem, ...]]:
    """The first of a domain that can be used, framed; some of them again where there are not so many.

    ``between`` is called before each, and may raise what ends it.

    Raises:
        WorkError: no image of the domain can be used.
    """
    views: list[T] = []
    problems: list[Problem] = []
    index = 0
    while len(views) < number:
        between()
        view, used, passed_over = read_framed(domain, index, frame)
        views.append(view)
        problems.extend(passed_over)
        index = (used + 1) % len(domain)
    return views, tuple(dict.fromkeys(problems))
