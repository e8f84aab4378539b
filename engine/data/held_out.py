"""Images kept apart from training, each whole: all of them in their order, some at a time.

An image is resized to data.crop x data.crop, whatever its aspect, and never cropped or mirrored, as the reference
implementation does at test time (load_size = crop_size). One that cannot be read is an error: training puts another in
its place, which an evaluation would count twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, assert_never

import numpy as np

from engine.config.data import DigitsConfig, DigitsData, PairedData, SyntheticData, SyntheticDigits, UnpairedData
from engine.config.data_root import require_root
from engine.config.figures import has_pairs
from engine.config.image_files import list_images
from engine.config.methods import TrainConfig
from engine.config.paired_files import find_pairs
from engine.config.splits import Split
from engine.data.build import pairs_of
from engine.data.digit_sets import labelled
from engine.data.digits import Digits, DigitSet
from engine.data.domains import Domain, FolderDomain
from engine.data.epochs import Labels
from engine.data.paired import Matched, Pairs
from engine.data.synthetic import COATS, draw_domain, held_out
from engine.data.transforms import Framing, Pixels
from engine.errors import RequestError, WorkError

DomainName: TypeAlias = Literal["A", "B"]


@dataclass(frozen=True, kw_only=True)
class Views:
    """Some images of a domain."""

    pixels: Pixels
    """uint8, (N, 3, crop, crop)."""
    partners: Pixels | None = None
    """The image of the other domain that belongs to each, likewise; None where the data are no pairs."""
    labels: Labels | None = None
    """int64, (N,): the digit of each; None where they have no labels."""


class Images(Protocol):
    """The images of a domain, numbered from 0."""

    def __len__(self) -> int: ...

    def take(self, numbers: range) -> Views:
        """Those with these numbers. Raises WorkError: one cannot be read."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Both domains as an evaluation sees them."""

    split: Split
    A: Images
    B: Images

    def of(self, domain: DomainName) -> Images:
        """The images of a domain."""
        return self.A if domain == "A" else self.B


def in_batches(images: Images, number: int, batch: int) -> Iterator[tuple[int, Views]]:
    """The first so many images in batches, each with the number of its first."""
    for first in range(0, number, batch):
        yield first, images.take(range(first, min(first + batch, number)))


def find_held_out(config: TrainConfig, split: Split | None = None) -> HeldOut:
    """A run's images that are kept apart from training.

    Args:
        config: the run's preset.
        split: which; None for test, or else val.

    Raises:
        RequestError: there are none, in one of the domains at least; or the folder is not there.
    """
    for candidate in (split,) if split else ("test", "val"):
        found = _split_of(config, candidate)
        if len(found.A) and len(found.B):
            return found
    kept = f"{split} images" if split else "test or val images"
    where = getattr(config.data, "root", "") or f"data.kind = {config.data.__struct_config__.tag}"
    raise RequestError(
        where, f"has no {kept}", "Add some; gan-tui eval RUN --split train measures on the training images."
    )


def _split_of(config: TrainConfig, split: Split) -> HeldOut:
    data, seed = config.data, config.run.seed
    match data:
        case UnpairedData():
            root = require_root(data)
            names = ("A", "B") if data.direction == "AtoB" else ("B", "A")
            folders = [root / f"{split}{name}" for name in names]
            domains = [FolderDomain(folder, tuple(list_images(folder))) for folder in folders]
            framing = _whole(data.crop)
            return HeldOut(split=split, A=Framed(domains[0], framing), B=Framed(domains[1], framing))
        case PairedData():
            return _of_pairs(pairs_of(find_pairs(require_root(data), split), data.direction), split, data.crop)
        case SyntheticData():
            return _of_drawings(data, seed, split, paired=has_pairs(config))
        case DigitsData() | SyntheticDigits():
            return HeldOut(split=split, A=_digits(data, seed, "A", split), B=_digits(data, seed, "B", split))
        case _:
            assert_never(data)


def _of_pairs(pairs: Pairs, split: Split, crop: int) -> HeldOut:
    framing = _whole(crop)
    return HeldOut(split=split, A=Paired(pairs, framing), B=Framed(pairs.domains[1], framing))


def _of_drawings(data: SyntheticData, seed: int, split: Split, *, paired: bool) -> HeldOut:
    if split == "val":
        return HeldOut(split=split, A=Nothing(), B=Nothing())
    first, second = COATS if data.direction == "AtoB" else COATS[::-1]
    side = data.resize or data.crop
    draw = draw_domain if split == "train" else held_out
    A, B = (draw(coat, seed, data.images, side, paired=paired) for coat in (first, second))
    if paired:
        return _of_pairs(Matched(A, B), split, data.crop)
    framing = _whole(data.crop)
    return HeldOut(split=split, A=Framed(A, framing), B=Framed(B, framing))


def _digits(data: DigitsConfig, seed: int, domain: DomainName, split: Split) -> Images:
    if split == "val":
        return Nothing()
    return Labelled(labelled(data, seed, domain, split))


def _whole(crop: int) -> Framing:
    return Framing(resize=crop, crop=crop, flip=False)


# ------------------------------------------------------------------------------------------------ kinds of images


@dataclass(frozen=True)
class Framed:
    """Images without partners."""

    domain: Domain
    framing: Framing

    def __len__(self) -> int:
        return len(self.domain)

    def take(self, numbers: range) -> Views:
        """Those with these numbers. Raises WorkError: one cannot be read."""
        return Views(pixels=np.stack([self.framing.centred(self.domain.read(number)) for number in numbers]))


@dataclass(frozen=True)
class Paired:
    """Images of A with their partners."""

    pairs: Pairs
    framing: Framing

    def __len__(self) -> int:
        return len(self.pairs)

    def take(self, numbers: range) -> Views:
        """Those with these numbers. Raises WorkError: one cannot be read."""
        views = [self.framing.alike_centred(self.pairs.read(number)) for number in numbers]
        return Views(pixels=np.stack([A for A, _ in views]), partners=np.stack([B for _, B in views]))


@dataclass(frozen=True)
class Labelled:
    """Labelled images."""

    digits: DigitSet

    def __len__(self) -> int:
        return len(self.digits)

    def take(self, numbers: range) -> Views:
        """Those with these numbers. Raises WorkError: one cannot be read."""
        taken = self.digits.take(np.arange(numbers.start, numbers.stop))
        require_all(taken)
        return Views(pixels=taken.pixels, labels=taken.labels)


@dataclass(frozen=True)
class Nothing:
    """A split that this kind of data does not have."""

    def __len__(self) -> int:
        return 0

    def take(self, numbers: range) -> Views:
        """Never asked for."""
        raise IndexError(numbers)


def require_all(taken: Digits) -> None:
    """Refuse digits of which some could not be read, and others are in their places. Raises WorkError."""
    for problem in taken.problems:
        raise WorkError(problem.path, f"cannot be used ({problem.reason})", "Mend or remove it.")
