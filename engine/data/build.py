"""From a preset's [data] section to a source of images."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

import torch

from engine.config.data import (
    DataConfig,
    DigitsConfig,
    DigitsData,
    Direction,
    PairedData,
    SyntheticData,
    SyntheticDigits,
    UnpairedData,
)
from engine.config.data_check import check_data
from engine.config.data_root import data_root
from engine.config.image_files import list_images
from engine.config.paired_files import MatchedFiles, PairFiles, SideBySideFiles, find_pairs, find_shown_pairs
from engine.data.byte_images import ByteImages
from engine.data.cache_plan import CachePlan, decide
from engine.data.digit_sets import labelled, shown_digits
from engine.data.digits import LabelledImages
from engine.data.domains import Domain, FolderDomain
from engine.data.epochs import Images, Place, nothing
from engine.data.paired import Matched, PairedImages, Pairs, SideBySide
from engine.data.synthetic import COATS, draw_domain, held_out
from engine.data.transforms import Framing
from engine.data.unpaired import UnpairedImages


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a run's images come from."""

    images: Images
    """What it trains on."""
    shown: Images
    """What its contact sheets show: images kept apart from training where there are any."""
    workers: int
    """Processes that the preset wants for loading them; 0 where there is nothing to decode."""
    cache: CachePlan | None = None
    """Where they are kept once decoded; None where they are decoded anew, or are in memory as it is."""

    def batches_per_epoch(self, batch: int) -> int:
        """Batches in an epoch, the last and perhaps smaller one included where it is not left out."""
        return self.images.batches_per_epoch(batch)

    def items_at(self, place: Place, batch: int) -> int:
        """Items in the whole batch at a place: fewer than others have in an epoch's last."""
        return self.images.items_at(place, batch)

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the training images' names and labels in their order: with another one they come in another."""
        digest = hashlib.sha256()
        for domain in self.images.domains:
            for index in range(len(domain)):
                digest.update(domain.short_name(index).encode(errors="surrogateescape") + b"\0")
            digest.update(b"\0")
        return digest.hexdigest()

    def validation(self, count: int, between: Callable[[], None] = nothing) -> ByteImages:
        """The first images kept apart, centre-cropped: always the same, and as many of each domain.

        Args:
            count: how many of each; there are fewer if a domain has fewer.
            between: called between two of them; it may raise what ends it.

        Raises:
            WorkError: no image of a domain can be read.
        """
        return ByteImages.of(self.shown.first(count, between))


def build_source(
    config: DataConfig,
    seed: int,
    *,
    aligned: bool = False,
    whole_batches: bool = False,
    between: Callable[[], None] = nothing,
) -> Source:
    """Lists the files, or draws the pictures, that a preset names.

    Args:
        config: the preset's [data] section.
        seed: everything random follows from it.
        aligned: the images of an item correspond, and are cropped and mirrored alike; of paired and synthetic data.
        whole_batches: leave out an epoch's last batch where it would be smaller than the others.
        between: called between two drawings; it may raise what ends it.

    Raises:
        RequestError: as check_data; or a set of digits is damaged, or none of its training images is left.
    """
    check_data(config)
    match config:
        case UnpairedData():
            assert not aligned, "unpaired images do not correspond"
            return _from_folders(config, seed, whole_batches)
        case PairedData():
            return _from_pairs(config, seed, aligned, whole_batches)
        case SyntheticData():
            return _from_drawings(config, seed, aligned, whole_batches, between)
        case DigitsData() | SyntheticDigits():
            assert not aligned, "digits do not correspond"
            return _from_digits(config, seed, whole_batches)
        case _:
            assert_never(config)


def with_cache(source: Source, config: DataConfig, device: torch.device, sharing: int = 1) -> tuple[Source, str]:
    """The source with its images kept where ``data.cache`` says, and that decision with its reason.

    Args:
        source: what build_source made of the same section.
        config: the preset's [data] section.
        device: the training device; what else is to stay on it should be there already.
        sharing: processes of the run on this machine.

    Returns:
        The source, and one line for the journal; an empty one for data that are in memory as it is.

    Raises:
        RequestError: a place was asked for by name, and the images do not fit there.
    """
    if not isinstance(config, UnpairedData | PairedData):
        return source, ""
    assert isinstance(source.images, UnpairedImages | PairedImages)
    decision = decide(config, source.images, device, sharing)
    return replace(source, cache=decision.plan), decision.reason


def _from_folders(config: UnpairedData, seed: int, whole_batches: bool) -> Source:
    root = data_root(config).resolve()
    first, second = ("A", "B") if config.direction == "AtoB" else ("B", "A")
    train = _folder(root / f"train{first}"), _folder(root / f"train{second}")
    test = _folder(root / f"test{first}"), _folder(root / f"test{second}")
    shown = test[0] if len(test[0]) else train[0], test[1] if len(test[1]) else train[1]
    framing = _framing(config)
    return Source(
        images=_apart(train, framing, seed, whole_batches), shown=_apart(shown, framing, seed), workers=config.workers
    )


def _folder(folder: Path) -> FolderDomain:
    return FolderDomain(folder, tuple(list_images(folder)))


def _from_pairs(config: PairedData, seed: int, aligned: bool, whole_batches: bool) -> Source:
    root, framing = data_root(config).resolve(), _framing(config)
    train = pairs_of(find_pairs(root, "train"), config.direction)
    shown = pairs_of(find_shown_pairs(root), config.direction)
    meet = _together if aligned else _each_by_itself
    return Source(
        images=meet(train, framing, seed, whole_batches), shown=meet(shown, framing, seed), workers=config.workers
    )


def pairs_of(files: PairFiles, direction: Direction) -> Pairs:
    """The pairs that files make, A being what is translated."""
    match files:
        case SideBySideFiles():
            return SideBySide(files.folder, files.paths, "left" if direction == "AtoB" else "right")
        case MatchedFiles():
            domain_A = FolderDomain(files.folder_A, files.paths_A)
            domain_B = FolderDomain(files.folder_B, files.paths_B)
            return Matched(domain_A, domain_B) if direction == "AtoB" else Matched(domain_B, domain_A)
        case _:
            assert_never(files)


def _from_drawings(
    config: SyntheticData, seed: int, aligned: bool, whole_batches: bool, between: Callable[[], None]
) -> Source:
    side, framing = config.resize or config.crop, _framing(config)
    first, second = COATS if config.direction == "AtoB" else COATS[::-1]
    train = Matched(
        draw_domain(first, seed, config.images, side, paired=aligned, between=between),
        draw_domain(second, seed, config.images, side, paired=aligned, between=between),
    )
    shown = Matched(
        held_out(first, seed, config.images, side, paired=aligned),
        held_out(second, seed, config.images, side, paired=aligned),
    )
    meet = _together if aligned else _each_by_itself
    return Source(images=meet(train, framing, seed, whole_batches), shown=meet(shown, framing, seed), workers=0)


def _from_digits(config: DigitsConfig, seed: int, whole_batches: bool) -> Source:
    return Source(
        images=LabelledImages(
            domain_A=labelled(config, seed, "A", "train"),
            domain_B=labelled(config, seed, "B", "train"),
            seed=seed,
            whole_batches=whole_batches,
        ),
        shown=LabelledImages(
            domain_A=shown_digits(config, seed, "A"), domain_B=shown_digits(config, seed, "B"), seed=seed
        ),
        workers=0,
    )


def _framing(config: UnpairedData | PairedData | SyntheticData) -> Framing:
    return Framing(resize=config.resize, crop=config.crop, flip=config.flip)


def _together(pairs: Pairs, framing: Framing, seed: int, whole_batches: bool = False) -> Images:
    return PairedImages(pairs=pairs, framing=framing, seed=seed, whole_batches=whole_batches)


def _each_by_itself(pairs: Pairs, framing: Framing, seed: int, whole_batches: bool = False) -> Images:
    return _apart(pairs.domains, framing, seed, whole_batches)


def _apart(domains: tuple[Domain, Domain], framing: Framing, seed: int, whole_batches: bool = False) -> Images:
    domain_A, domain_B = domains
    return UnpairedImages(domain_A=domain_A, domain_B=domain_B, framing=framing, seed=seed, whole_batches=whole_batches)
