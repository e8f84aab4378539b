"""What is wrong with pairs: files without a partner, halves that are none, two that do not fit each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from engine.config.data import FolderData
from engine.config.image_files import path_text
from engine.config.paired_files import NO_PAIRS, pair_name
from gan_tui.datasets.check.schema import File, FolderFinding
from gan_tui.datasets.folders.layouts import FolderLayout, Part
from gan_tui.datasets.folders.reading import Look, Picture

Looks: TypeAlias = Mapping[str, Sequence[Look]]
"""By the name of the part."""


def findings_of_pairs(layout: FolderLayout, looks: Looks, config: FolderData) -> Iterator[FolderFinding]:
    """What is said of pairs as pairs; nothing of images that are none."""
    if layout.kind == "side-by-side":
        yield from _halves(layout, looks)
    if layout.kind == "matched":
        yield from _partners(layout)
        yield from _unequal(layout, looks, config)


def _halves(layout: FolderLayout, looks: Looks) -> Iterator[FolderFinding]:
    files = tuple(
        File(path=_short(layout, look.path), fact=f"is {look.width} px wide")
        for part in layout.parts
        for look in looks[part.name]
        if isinstance(look, Picture) and look.width % 2
    )
    if files:
        fact = f"{_counted(len(files), 'image has', 'images have')} no two equal halves, as the width is odd"
        yield FolderFinding(severity="problem", topic="halves", fact=fact, fix=f"Replace them. {NO_PAIRS}", files=files)


def _partners(layout: FolderLayout) -> Iterator[FolderFinding]:
    files = []
    for part, other in _both_ways(layout):
        mine, theirs = _by_name(part), _by_name(other)
        if not mine or not theirs:  # of one domain alone: not read, or told as a folder without images
            continue
        for name, paths in mine.items():
            if name not in theirs:
                files += [
                    File(path=_short(layout, path), fact=f"has no partner of its name in {other.name}")
                    for path in paths[:1]
                ]
            files += [
                File(path=_short(layout, path), fact=f"has the same name as {_short(layout, paths[0])}")
                for path in paths[1:]
            ]
    if files:
        fact = f"{_counted(len(files), 'image is', 'images are')} not one of a pair: names do not match"
        fix = f"Add or remove files until both folders have the same names. {NO_PAIRS}"
        yield FolderFinding(severity="problem", topic="partner", fact=fact, fix=fix, files=tuple(files))


def _unequal(layout: FolderLayout, looks: Looks, config: FolderData) -> Iterator[FolderFinding]:
    files = []
    for part, other in _both_ways(layout):
        if part.domain != "A":
            continue
        sizes = {pair_name(look.path, other.folder): look for look in looks[other.name] if isinstance(look, Picture)}
        for look in looks[part.name]:
            partner = sizes.get(pair_name(look.path, part.folder))
            if isinstance(look, Picture) and partner and _differ(look, partner, config):
                theirs = f"its partner {partner.width}x{partner.height} px"
                files.append(File(path=_short(layout, look.path), fact=f"is {look.width}x{look.height} px, {theirs}"))
    if not files:
        return
    pairs = _counted(len(files), "pair differs", "pairs differ")
    if config.resize:
        fix = "Cut them alike: resized to one square, what is in one is no longer where it is in the other."
        fact = f"{pairs} in shape"
        yield FolderFinding(severity="warning", topic="unequal-pair", fact=fact, fix=fix, files=tuple(files))
    else:
        fix = "Make them equal, or set data.resize."
        fact = f"{pairs} in size, and without data.resize they cannot be cropped alike"
        yield FolderFinding(severity="problem", topic="unequal-pair", fact=fact, fix=fix, files=tuple(files))


def _differ(one: Picture, other: Picture, config: FolderData) -> bool:
    """Whether a pair cannot be framed alike: by its shape, to within a pixel, or, where sizes are kept, by its size."""
    if not config.resize:
        return (one.width, one.height) != (other.width, other.height)
    return abs(one.width * other.height - one.height * other.width) > max(one.width, one.height)


def _both_ways(layout: FolderLayout) -> Iterator[tuple[Part, Part]]:
    """Each part of a split with that of the other domain, from either side."""
    for part in layout.parts:
        for other in layout.parts:
            if part.split == other.split and part.domain != other.domain:
                yield part, other


def _by_name(part: Part) -> dict[Path, list[Path]]:
    found: defaultdict[Path, list[Path]] = defaultdict(list)
    for path in part.paths:
        found[pair_name(path, part.folder)].append(path)
    return found


def _short(layout: FolderLayout, path: Path) -> str:
    return path_text(path.relative_to(layout.root))


def _counted(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"
