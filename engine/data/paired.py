"""Pairs of images that correspond: read together, and cropped and mirrored alike."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np
from PIL import Image

from engine.config.decoding import open_rgb
from engine.config.image_files import UnreadableImageError, path_text
from engine.data.domains import Collection, Domain, Problem, read_first, read_framed
from engine.data.draws import Purpose, frame_numbers
from engine.data.epochs import Loaded, Place, batches_in, nothing, order_of_epoch, positions, size_of
from engine.data.framed import AtSize, Want
from engine.data.transforms import Framing, Pair, Pixels

Side: TypeAlias = Literal["left", "right"]


class Pairs(Collection[Pair], Protocol):
    """Pairs numbered from 0, and each domain by itself."""

    @property
    def domains(self) -> tuple[Domain, Domain]:
        """A and B."""


@dataclass(frozen=True)
class HalvesDomain:
    """The same half of every file."""

    folder: Path
    paths: tuple[Path, ...]
    side: Side

    @property
    def name(self) -> str:
        """The folder."""
        return path_text(self.folder)

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int) -> Image.Image:
        """One half, RGB, upright. Raises UnreadableImageError."""
        return _halves(self.paths[index])[self.side == "right"]

    def describe(self, index: int) -> str:
        """Its file."""
        return path_text(self.paths[index])

    def short_name(self, index: int) -> str:
        """Its file's path within the folder, and which half."""
        return f"{self.paths[index].relative_to(self.folder)} {self.side}"


@dataclass(frozen=True)
class SideBySide:
    """Files that hold a pair each."""

    folder: Path
    paths: tuple[Path, ...]
    side_A: Side
    """Where domain A is; domain B is on the other side."""

    @property
    def name(self) -> str:
        """The folder."""
        return path_text(self.folder)

    @property
    def domains(self) -> tuple[Domain, Domain]:
        """A and B, which decode a file each time that either half is read."""
        left = HalvesDomain(self.folder, self.paths, "left")
        right = HalvesDomain(self.folder, self.paths, "right")
        return (left, right) if self.side_A == "left" else (right, left)

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int) -> tuple[Image.Image, Image.Image]:
        """Both halves of a file, which is decoded once; RGB, upright. Raises UnreadableImageError."""
        left, right = _halves(self.paths[index])
        return (left, right) if self.side_A == "left" else (right, left)

    def describe(self, index: int) -> str:
        """Its file."""
        return path_text(self.paths[index])


@dataclass(frozen=True)
class Matched:
    """Two domains of the same length whose images with the same number are a pair."""

    domain_A: Domain
    domain_B: Domain

    @property
    def domains(self) -> tuple[Domain, Domain]:
        """A and B."""
        return self.domain_A, self.domain_B

    @property
    def name(self) -> str:
        """Both."""
        return f"{self.domain_A.name} with {self.domain_B.name}"

    def __len__(self) -> int:
        return len(self.domain_A)

    def read(self, index: int) -> tuple[Image.Image, Image.Image]:
        """Both images, RGB, upright. Raises UnreadableImageError."""
        return self.domain_A.read(index), self.domain_B.read(index)

    def describe(self, index: int) -> str:
        """The first of the two."""
        return self.domain_A.describe(index)


@dataclass(frozen=True, kw_only=True)
class PairedImages:
    """The reference's aligned dataset: every pair once an epoch, in an order shuffled anew each epoch."""

    pairs: Pairs
    framing: Framing
    seed: int
    whole_batches: bool = False
    """Leave out an epoch's last batch where it would be smaller than the others."""

    @property
    def domains(self) -> tuple[Domain, Domain]:
        """A and B."""
        return self.pairs.domains

    def batches_per_epoch(self, batch: int) -> int:
        """Batches in an epoch, at least 1."""
        return batches_in(len(self.pairs), batch, whole=self.whole_batches)

    def items_at(self, place: Place, batch: int) -> int:
        """Items in the whole batch at a place, whatever its shard is."""
        return size_of(place, len(self.pairs), batch, whole=self.whole_batches)

    @property
    def collections(self) -> tuple[AtSize[Pair]]:
        """The pairs, at the size that views are cut from."""
        return (AtSize(self.pairs, self.framing.alike_at_size),)

    def wants(self, place: Place, batch: int) -> list[tuple[Want]]:
        """For each item of a batch, its pair."""
        order = order_of_epoch(self.seed, place.epoch, len(self.pairs))
        return [
            (Want(0, int(order[position]), frame_numbers(self.seed, Purpose.FRAME_A, place.epoch, position)),)
            for position in positions(place, len(self.pairs), batch, whole=self.whole_batches)
        ]

    def load(self, place: Place, batch: int) -> Loaded:
        """The batch at a place; item k of one domain corresponds to item k of the other.

        Raises:
            WorkError: no pair can be read.
        """
        views: list[tuple[Pixels, Pixels]] = []
        problems: list[Problem] = []
        for (want,) in self.wants(place, batch):
            frame = functools.partial(self.framing.alike_at_random, numbers=want.frame)
            view, _, passed_over = read_framed(self.pairs, want.number, frame)
            views.append(view)
            problems.extend(passed_over)
        return _stacked(views, tuple(problems))

    def first(self, count: int, between: Callable[[], None] = nothing) -> Loaded:
        """The first pairs, centre-cropped. See Images.first.

        Raises:
            WorkError: no pair can be read.
        """
        views, problems = read_first(self.pairs, min(count, len(self.pairs)), self.framing.alike_centred, between)
        return _stacked(views, problems)


def _stacked(views: list[tuple[Pixels, Pixels]], problems: tuple[Problem, ...]) -> Loaded:
    return Loaded(np.stack([view for view, _ in views]), np.stack([view for _, view in views]), problems)


def _halves(path: Path) -> tuple[Image.Image, Image.Image]:
    image = open_rgb(path)
    half, odd = divmod(image.width, 2)
    if odd:
        raise UnreadableImageError(path, f"is {image.width} px wide: it has no two equal halves")
    return image.crop((0, 0, half, image.height)), image.crop((half, 0, image.width, image.height))
