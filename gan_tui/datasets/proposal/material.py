"""What a preset for a folder of images depends on: how many there are, and how large they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

from engine.config.data import DataConfig, DigitsData
from engine.config.data_check import check_data, training_items
from engine.config.digit_files import DigitFolders, IdxFiles, digits_in
from engine.config.image_files import path_text
from engine.errors import RequestError
from engine.protocol.jobs import Tell
from gan_tui.datasets.folders.layouts import TRAINABLE, FolderLayout, Kind, Part
from gan_tui.datasets.folders.reading import Picture, look_at_all
from gan_tui.datasets.proposal.choice import Choice, choose_preset, how_to_lay_out, suggestions, what_it_holds

FEW = 100
"""Images of a domain below which a warning is given: a discriminator that sees each a hundred times and more an hour
knows them by heart. The papers' smallest set, facades, has 400 pairs."""
WATCH_FEW = "Add more, and watch for translations that repeat what is in them."
"""What to do about few images."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """A folder that can be trained on, in what matters to a preset."""

    kind: Kind
    root: Path
    images: dict[str, int]
    """Training images of each part, by its name: {"trainA": 1067, "trainB": 1334}."""
    items: int
    """Images, or pairs, of an epoch."""
    side: int
    """The smaller side in pixels that half of the images, or of the halves of pairs, have or exceed."""
    sizes: str
    """In words, such as "256x256 px" or "from 200x180 to 4000x3000 px"."""
    choice: Choice
    """The shipped preset for it."""


def material_of(layout: FolderLayout, tell: Tell, digits: tuple[str, str] | None = None) -> Material:
    """What a folder is to be trained with; of its image files the headers are read.

    Args:
        layout: the folder's.
        tell: hears how many headers of how many have been read.
        digits: the sets of digits that are to be source and target, where the user said which.

    Raises:
        RequestError: it is not laid out for training, and how to make it so; or it is damaged.
    """
    if layout.troubles:
        raise layout.troubles[0]
    if path_text(layout.root) != str(layout.root):
        fix = "Rename it, or make a link to it under another name."
        raise RequestError(path_text(layout.root), "has a name that is no text (UTF-8), as presets have to be", fix)
    choice = choose_preset(layout, digits)
    if layout.kind not in TRAINABLE or choice is None:
        raise _not_laid_out(layout)
    check_data(choice.config.data)
    trained = [part for part in layout.parts if part.split == "train" and _is_seen(part, choice.config.data)]
    looks = look_at_all([path for part in trained for path in part.paths], tell, decode=False)
    sizes = Counter(layout.seen_size(look.width, look.height) for look in looks if isinstance(look, Picture))
    return Material(
        kind=layout.kind,
        root=layout.root,
        images={part.name: _number(part) for part in trained},
        items=training_items(choice.config.data),
        side=median_low([min(size) for size in sizes.elements()]) if sizes else 0,
        sizes=_in_words(sizes),
        choice=choice,
    )


def few_in_words(images: Mapping[str, int]) -> str:
    """Which parts have few images to learn from, as a clause; empty where none does."""
    few = [f"{number:,} in {name}" for name, number in images.items() if 0 < number < FEW]
    return f"few images to learn a domain from: {', '.join(few)}" if few else ""


def _is_seen(part: Part, data: DataConfig) -> bool:
    """Whether a preset reads a part: of several sets of digits it reads two."""
    return not isinstance(data, DigitsData) or part.domain in (data.A, data.B)


def _number(part: Part) -> int:
    match part.files:
        case IdxFiles() | DigitFolders() as files:
            return digits_in(files, without=())
        case paths:
            return len(paths)


def _not_laid_out(layout: FolderLayout) -> RequestError:
    steps = suggestions(layout, None)
    further = f" Try: {steps[0].command}" if steps else ""
    return RequestError(path_text(layout.root), what_it_holds(layout), how_to_lay_out(layout) + further)


def _in_words(sizes: Counter[tuple[int, int]]) -> str:
    if not sizes:
        return ""
    smallest, largest = (choose(sizes, key=lambda size: size[0] * size[1]) for choose in (min, max))
    if smallest == largest:
        return f"{smallest[0]}x{smallest[1]} px"
    return f"from {smallest[0]}x{smallest[1]} to {largest[0]}x{largest[1]} px"
