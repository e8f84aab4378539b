"""Pictures that are there more than once: within a folder, in train and test, in both domains, in both halves.

Two files show the same picture where training sees the same pixels of them, whatever their bytes are: a JPEG and the
PNG that it was turned into agree, and so do a file with a date in it and one without. One that was encoded again with
loss is another picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.config.digit_files import IdxFiles, idx_sizes
from engine.config.idx_header import opened_idx, read_values
from engine.config.image_files import path_text
from gan_tui.datasets.check.schema import File, FolderFinding
from gan_tui.datasets.folders.layouts import FolderLayout, Part
from gan_tui.datasets.folders.reading import Look, Picture, digest_of


class Seen(NamedTuple):
    """A picture, and where it is."""

    part: Part
    name: str
    """Within the root; of an IDX file with the image's number."""
    digest: bytes


def findings_of_same_pictures(layout: FolderLayout, looks: Mapping[str, Sequence[Look]]) -> Iterator[FolderFinding]:
    """What is said of pictures that are there more than once."""
    groups: defaultdict[bytes, list[Seen]] = defaultdict(list)
    for part in layout.parts:
        for seen in _seen(layout, part, looks[part.name]):
            groups[seen.digest].append(seen)
    several = [group for group in groups.values() if len(group) > 1]
    yield from _within_a_part(several)
    yield from _across_splits(several)
    yield from _across_domains(several)
    yield from _in_both_halves(layout, looks)


def _seen(layout: FolderLayout, part: Part, looks: Sequence[Look]) -> Iterator[Seen]:
    if isinstance(part.files, IdxFiles):
        _, height, width = idx_sizes(part.files)
        with opened_idx(part.files.images, 3) as (file, shape):
            values = memoryview(read_values(part.files.images, file, shape))
        size = height * width
        name = path_text(part.files.images.relative_to(layout.root))
        for number, at in enumerate(range(0, len(values), size)):
            yield Seen(part, f"{name}[{number}]", digest_of(values[at : at + size], width))
        return
    for look in looks:
        if isinstance(look, Picture):
            yield Seen(part, path_text(look.path.relative_to(layout.root)), look.digest)


def _within_a_part(groups: Iterable[Sequence[Seen]]) -> Iterator[FolderFinding]:
    files = []
    for group in groups:
        by_part: defaultdict[str, list[Seen]] = defaultdict(list)
        for seen in group:
            by_part[seen.part.name].append(seen)
        files += [
            File(path=other.name, fact=f"is the same as {first.name}")
            for first, *others in by_part.values()
            for other in others
        ]
    if files:
        copies = "1 image is a copy of another" if len(files) == 1 else f"{len(files):,} images are copies of others"
        fact = f"{copies} in the same folder"
        yield FolderFinding(
            severity="warning", topic="duplicate", fact=fact, fix="Remove the copies.", files=tuple(files)
        )


def _across_splits(groups: Iterable[Sequence[Seen]]) -> Iterator[FolderFinding]:
    files = []
    for group in groups:
        trained = [seen for seen in group if seen.part.split == "train"]
        held_out = [seen for seen in group if seen.part.split in ("val", "test")]
        files += [
            File(path=seen.name, fact=f"is the same as {first.name}")
            for seen in held_out
            for first in [first for first in trained if first.part.domain == seen.part.domain][:1]
        ]
    if files:
        fact = f"{_are(len(files), 'test picture')} trained on too: what is measured there is remembered"
        fix = "Remove them from train or from test."
        yield FolderFinding(severity="warning", topic="leakage", fact=fact, fix=fix, files=tuple(files))


def _across_domains(groups: Iterable[Sequence[Seen]]) -> Iterator[FolderFinding]:
    files = []
    for group in groups:
        first = next((seen for seen in group if seen.part.domain == "A"), None)
        other = next((seen for seen in group if seen.part.domain == "B"), None)
        if first and other:
            files.append(File(path=other.name, fact=f"is the same as {first.name}"))
    if files:
        fact = f"{_are(len(files), 'picture')} in both domains"
        fix = "Remove each from the domain that it does not belong to."
        yield FolderFinding(severity="warning", topic="overlap", fact=fact, fix=fix, files=tuple(files))


def _in_both_halves(layout: FolderLayout, looks: Mapping[str, Sequence[Look]]) -> Iterator[FolderFinding]:
    if layout.kind != "side-by-side":
        return
    files = tuple(
        File(path=path_text(look.path.relative_to(layout.root)))
        for part in layout.parts
        for look in looks[part.name]
        if isinstance(look, Picture) and look.equal_halves
    )
    if files:
        fact = f"{len(files):,} {'pair has' if len(files) == 1 else 'pairs have'} two halves that are the same picture"
        yield FolderFinding(
            severity="warning", topic="equal-halves", fact=fact, fix="Replace or remove them.", files=files
        )


def _are(number: int, noun: str) -> str:
    return f"{number:,} {noun} is" if number == 1 else f"{number:,} {noun}s are"
