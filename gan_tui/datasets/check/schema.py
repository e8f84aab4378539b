"""What looking through a folder of images gives: its parts in numbers, and what is wrong with them.

It is what `gan-tui data check --json` writes (docs/own-images.md).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from gan_tui.datasets.folders.layouts import Kind, Split
from gan_tui.datasets.proposal.choice import Suggestion

INSPECTION_SCHEMA = 1

Severity: TypeAlias = Literal["problem", "warning", "note"]
"""A problem: training would not begin, or would meet files that it cannot use. A warning: it would train, and not well
or not on what it seems to. A note: worth knowing."""

Topic: TypeAlias = Literal[
    "layout", "listing", "unreadable", "partner", "halves", "too-small", "refused",
    "leakage", "overlap", "duplicate", "equal-halves", "unequal-pair", "enlarged", "few", "balance",
    "squeezed", "transparent", "16-bit", "cmyk", "grey", "turned", "extension", "ignored", "no-test", "beside",
]  # fmt: skip
"""What a finding is about; docs/own-images.md explains each."""

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How large the images of a part are, as they are shown."""

    distinct: int
    """Different sizes."""
    common: Size
    """The one that most have."""
    common_images: int
    """How many have it."""
    smallest: Size
    largest: Size
    """By their number of pixels."""


class PartReport(msgspec.Struct, frozen=True, kw_only=True):
    """One folder of images, or the images of a pair of IDX files."""

    name: str
    """Its path within the folder."""
    split: Split
    domain: str
    """A, B, AB where a file holds both, the name of a set of digits, or empty."""
    images: int
    """Those that cannot be read included."""
    unreadable: int
    sizes: Sizes | None
    """None where no image could be read."""
    modes: dict[str, int]
    """Pillow's modes (RGB, L, I;16, CMYK ...), and how many have them."""
    classes: dict[str, int]
    """Digits, and how many images show them; empty of images without labels."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a finding is about."""

    path: str
    """Bytes of its name that are no UTF-8 are escaped."""
    fact: str = ""
    """What is the case with this one, as a clause."""


class FolderFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is worth telling, with every file that it is true of."""

    severity: Severity
    topic: Topic
    fact: str
    fix: str = ""
    """What to do about it, as a sentence."""
    files: tuple[File, ...] = ()


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder is, and what is wrong with it."""

    schema: int = INSPECTION_SCHEMA
    folder: str
    """As it was given, absolute."""
    root: str
    """What data.root has to be: the folder, or the one that it holds."""
    kind: Kind
    preset: str
    """What the sizes were held against; empty where no preset takes such a folder."""
    images: int
    problems: int
    warnings: int
    """Findings of that severity."""
    parts: tuple[PartReport, ...]
    findings: tuple[FolderFinding, ...]
    """Problems first."""
    suggestions: tuple[Suggestion, ...]
