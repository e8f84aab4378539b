"""From a preset's [data] section to a source of images."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, assert_never

import numpy as np
import torch
from torch import Tensor

from engine.batch import ImageBatch
from engine.config.data import DataConfig, SyntheticData, UnpairedData
from engine.config.data_check import check_data, data_root
from engine.config.image_files import list_images
from engine.data.domains import Domain, FolderDomain, Problem, read_framed
from engine.data.pixels import to_unit_range
from engine.data.synthetic import COATS, draw_domain, held_out
from engine.data.transforms import Framing, Pixels
from engine.data.unpaired import UnpairedImages


class SampleImages(NamedTuple):
    """The fixed images of the contact sheets."""

    real_A: Tensor
    """uint8, (N, 3, crop, crop)."""
    real_B: Tensor
    """uint8, (N, 3, crop, crop)."""
    problems: tuple[Problem, ...]
    """Images passed over."""

    def on(self, device: torch.device) -> ImageBatch:
        """What a method's sample takes: both domains on the training device, in -1..1."""
        return ImageBatch(real_A=to_unit_range(self.real_A, device), real_B=to_unit_range(self.real_B, device))


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a run's images come from."""

    images: UnpairedImages
    """What it trains on."""
    shown_A: Domain
    shown_B: Domain
    """What its contact sheets show: images kept apart from training where there are any."""
    workers: int
    """Processes that the preset wants for loading them; 0 where there is nothing to decode."""

    def batches_per_epoch(self, batch: int) -> int:
        """Batches in an epoch, the last and perhaps smaller one included."""
        return self.images.batches_per_epoch(batch)

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the training images' names in their order: with another one they come in another order."""
        digest = hashlib.sha256()
        for domain in (self.images.domain_A, self.images.domain_B):
            for index in range(len(domain)):
                digest.update(domain.short_name(index).encode(errors="surrogateescape") + b"\0")
            digest.update(b"\0")
        return digest.hexdigest()

    def validation(self, count: int) -> SampleImages:
        """The first images kept apart, centre-cropped: always the same, and as many of each domain.

        Args:
            count: how many of each; there are fewer if a domain has fewer.

        Raises:
            WorkError: no image of a domain can be read.
        """
        number = min(count, len(self.shown_A), len(self.shown_B))
        views_A, problems_A = self._first(self.shown_A, number)
        views_B, problems_B = self._first(self.shown_B, number)
        return SampleImages(torch.from_numpy(views_A), torch.from_numpy(views_B), problems_A + problems_B)

    def _first(self, domain: Domain, number: int) -> tuple[Pixels, tuple[Problem, ...]]:
        views: list[Pixels] = []
        problems: list[Problem] = []
        index = 0
        while len(views) < number:
            view, used, passed_over = read_framed(domain, index, self.images.framing.centred)
            views.append(view)
            problems.extend(passed_over)
            index = (used + 1) % len(domain)
        return np.stack(views), tuple(dict.fromkeys(problems))


def build_source(config: DataConfig, seed: int) -> Source:
    """Lists the folders, or draws the pictures, that a preset names.

    Raises:
        RequestError: as check_data.
    """
    check_data(config)
    match config:
        case UnpairedData():
            return _from_folders(config, seed)
        case SyntheticData():
            return _from_drawings(config, seed)
        case _:
            assert_never(config)


def _from_folders(config: UnpairedData, seed: int) -> Source:
    root = data_root(config).resolve()
    first, second = ("A", "B") if config.direction == "AtoB" else ("B", "A")
    train_A, train_B = _folder(root / f"train{first}"), _folder(root / f"train{second}")
    test_A, test_B = _folder(root / f"test{first}"), _folder(root / f"test{second}")
    framing = Framing(resize=config.resize, crop=config.crop, flip=config.flip)
    return Source(
        images=UnpairedImages(domain_A=train_A, domain_B=train_B, framing=framing, seed=seed),
        shown_A=test_A if len(test_A) else train_A,
        shown_B=test_B if len(test_B) else train_B,
        workers=config.workers,
    )


def _folder(folder: Path) -> FolderDomain:
    return FolderDomain(folder, tuple(list_images(folder)))


def _from_drawings(config: SyntheticData, seed: int) -> Source:
    side = config.resize or config.crop
    first, second = COATS if config.direction == "AtoB" else COATS[::-1]
    framing = Framing(resize=config.resize, crop=config.crop, flip=config.flip)
    return Source(
        images=UnpairedImages(
            domain_A=draw_domain(first, seed, config.images, side),
            domain_B=draw_domain(second, seed, config.images, side),
            framing=framing,
            seed=seed,
        ),
        shown_A=held_out(first, seed, config.images, side),
        shown_B=held_out(second, seed, config.images, side),
        workers=0,
    )
