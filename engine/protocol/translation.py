"""Having images translated: what is asked for, and what came of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from engine.config.data import Direction
from engine.protocol.choice import LATEST
from engine.protocol.weights import Weights

TRANSLATION_SCHEMA = 1

Format: TypeAlias = Literal["png", "jpg", "webp"]
Existing: TypeAlias = Literal["refuse", "overwrite", "skip"]
"""What is done where a translation would come to lie on a file."""


class TranslateJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag="translate"):
    """Translate images with a checkpoint (engine.protocol.jobs). Names of files are bytes, as they need not be text."""

    run: str
    """Its directory."""
    inputs: tuple[bytes, ...]
    """Files, folders and patterns."""
    out: bytes
    """A folder, or a file for a single image."""
    checkpoint: str = LATEST
    """As engine.protocol.choice.choose_checkpoint takes it."""
    direction: Direction = "AtoB"
    size: str = "own"
    """What an image is scaled to first: own, trained, N (the shorter side) or WxH, in pixels."""
    restore: bool = False
    """Scale the translation back to the size of its image."""
    tile: str = "auto"
    """The side in pixels of the pieces that an image goes through the networks in; auto, or off for one piece."""
    overlap: int | None = None
    """Pixels that neighbouring pieces share; None for an eighth of their side."""
    format: Format | None = None
    """None for that of each image."""
    pairs: bool = False
    """The images hold a pair each, side by side: translate one half of it."""
    sheet: bool = False
    """Write a sheet beside each translation: input, translation, and what comes of it on the way back."""
    existing: Existing = "refuse"
    batch: int = 1
    """Neighbouring images of equal size that go through the networks at once."""
    device: str = "auto"
    """As run.device."""
    weights: Weights = "shown"


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """An image that was translated."""

    input: str
    output: str
    sheet: str = ""
    width: int
    """Of the translation, in pixels."""
    height: int
    tile: int = 0
    """The side of the pieces that it was made of; 0 for one piece."""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """An image that could not be translated."""

    input: str
    reason: str


class Translation(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="translation"):
    """What became of the images, in their order."""

    schema: int = TRANSLATION_SCHEMA
    run: str
    """Its directory."""
    method: str
    step: int
    """Of the checkpoint."""
    checkpoint: str
    """Its folder."""
    direction: Direction
    weights: Weights
    device: str
    written: tuple[Written, ...]
    failed: tuple[Failed, ...] = ()
    skipped: tuple[str, ...] = ()
    """Images whose translations were there already."""
    seconds: float
    """From the first image to the last, without the start."""
