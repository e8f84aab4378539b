"""What is to be said of the sizes and the number of images, against a preset's crop."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.data import FolderData
from engine.config.digit_files import DIGITS
from engine.config.image_files import path_text
from gan_tui.datasets.check.pair_findings import Looks
from gan_tui.datasets.check.schema import File, FolderFinding, PartReport, Size
from gan_tui.datasets.folders.layouts import FolderLayout
from gan_tui.datasets.folders.reading import Picture
from gan_tui.datasets.proposal.material import WATCH_FEW, few_in_words

_UNBALANCED = 0.5
"""A digit with fewer images than this share of the mean is told."""
_SQUEEZED = 1.25
"""Longer over shorter side from which an image that is resized to a square is told to be squeezed."""


def findings_of_sizes(layout: FolderLayout, looks: Looks, config: FolderData) -> Iterator[FolderFinding]:
    """What is said of images that are smaller than the crop, or not square."""
    seen = [look for part in layout.parts for look in looks[part.name] if isinstance(look, Picture)]
    sizes = [(look, layout.seen_size(look.width, look.height)) for look in seen]
    small = tuple(
        File(path=path_text(look.path.relative_to(layout.root)), fact=f"{width}x{height} px")
        for look, (width, height) in sizes
        if min(width, height) < config.crop
    )
    halves = "halves of images" if layout.kind == "side-by-side" else "images"
    if small and config.resize:
        fact = f"{len(small):,} {halves} are smaller than data.crop = {config.crop}: enlarged, they are soft"
        fix = f"Use larger ones, or a smaller data.crop and data.resize: {_least(sizes)} px is the smallest side."
        yield FolderFinding(severity="warning", topic="enlarged", fact=fact, fix=fix, files=small)
    elif small:
        fact = f"{len(small):,} {halves} are smaller than data.crop = {config.crop}, and data.resize = 0 keeps sizes"
        fix = f"Set data.crop to {_least(sizes)} or less, or data.resize to {config.crop} or more."
        yield FolderFinding(severity="problem", topic="too-small", fact=fact, fix=fix, files=small)
    squeezed = [size for _, size in sizes if max(size) > _SQUEEZED * min(size)]
    if squeezed and config.resize:
        fact = f"{len(squeezed):,} of {len(sizes):,} {halves} are not square, and data.resize squeezes them into one"
        fix = "That is what the reference implementations do."
        fix += "" if small else " data.resize = 0 cuts squares out of them instead."
        yield FolderFinding(severity="note", topic="squeezed", fact=fact, fix=fix)


def findings_of_numbers(layout: FolderLayout, parts: list[PartReport]) -> Iterator[FolderFinding]:
    """What is said of domains with few images, digits that are rare, and a set without a test split."""
    trained = [part for part in parts if part.split == "train"]
    fact = few_in_words({part.name: part.images - part.unreadable for part in trained})
    if fact:
        yield FolderFinding(severity="warning", topic="few", fact=fact, fix=WATCH_FEW)
    for part in trained:
        yield from _balance(part)
    held_out = {part.domain for part in parts if part.split in ("val", "test") and part.images}
    without = [part.name for part in trained if part.domain not in held_out]
    if without:
        fact = f"no test images beside {' and '.join(without)}: samples show images that are trained on"
        yield FolderFinding(severity="note", topic="no-test", fact=fact)


def _balance(part: PartReport) -> Iterator[FolderFinding]:
    if not part.classes:
        return
    counts = {str(digit): part.classes.get(str(digit), 0) for digit in range(DIGITS)}
    least = _UNBALANCED * sum(counts.values()) / DIGITS
    rare = [f"{digit} ({count:,})" for digit, count in counts.items() if count < least]
    if rare:
        fact = f"{part.name} has few of the {'digit' if len(rare) == 1 else 'digits'} {', '.join(rare)}"
        fix = "Add some, or leave them out of both sets: data.without_A, data.without_B."
        yield FolderFinding(severity="warning", topic="balance", fact=fact, fix=fix)


def _least(sizes: list[tuple[Picture, Size]]) -> int:
    return min(min(size) for _, size in sizes)
