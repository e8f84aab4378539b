"""Reading every image of a folder, on threads: what it is, and whether it can be decoded as training would."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from engine.config.decoding import upright_rgb
from engine.config.image_files import UnreadableImageError, opened, orientation
from engine.protocol.jobs import Progress, Tell

MOST_THREADS = 8
"""An image may take a quarter of a gigabyte while it is decoded."""
_AT_A_TIME = 8
"""Files of a piece of work: what Ctrl-C waits for is one of them, as each looks whether it is still wanted."""
DIGEST = 16
"""Bytes: among a million pictures two different ones agree with probability 1e-27."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A file that can be trained on."""

    path: Path
    width: int
    height: int
    """In pixels, as it is shown."""
    mode: str
    """Pillow's: RGB, L, RGBA, I;16, CMYK ..."""
    format: str
    """PNG, JPEG ..., whatever its name says."""
    transparent: bool
    turned: bool
    """Its EXIF data has it turned or mirrored."""
    digest: bytes
    """Of the pixels that training sees before it resizes; empty where only the header was read."""
    equal_halves: bool = False
    """Its left half is its right half, pixel for pixel."""

    @property
    def smaller_side(self) -> int:
        """In pixels."""
        return min(self.width, self.height)


@dataclass(frozen=True)
class Unread:
    """A file that cannot be trained on."""

    path: Path
    reason: str
    """As a clause."""


Look: TypeAlias = Picture | Unread


def look_at(path: Path, *, decode: bool = True) -> Look:
    """What a file is.

    Args:
        path: the file.
        decode: decode all of it; otherwise the header alone is read.
    """
    try:
        with opened(path) as image:
            turn, mode, transparent = orientation(image), image.mode, image.has_transparency_data
            format_, (width, height) = image.format or "", image.size
            if turn >= 5:
                width, height = height, width
            digest, equal_halves = b"", False
            if decode:
                rgb = upright_rgb(image)
                pixels = rgb.tobytes()
                digest = digest_of(pixels, width)
                half = width // 2
                equal_halves = width % 2 == 0 and _halves_agree(pixels, 3 * half)
    except UnreadableImageError as error:
        return Unread(path, error.reason)
    return Picture(
        path=path,
        width=width,
        height=height,
        mode=mode,
        format=format_,
        transparent=transparent,
        turned=turn != 1,
        digest=digest,
        equal_halves=equal_halves,
    )


def digest_of(pixels: bytes | memoryview, width: int) -> bytes:
    """What tells one picture from another; of the same bytes in another shape it is another."""
    return hashlib.blake2b(pixels, digest_size=DIGEST, salt=width.to_bytes(8, "big")).digest()


def _halves_agree(pixels: bytes, half: int) -> bool:
    """Whether rows of twice so many bytes repeat themselves; the first that does not ends the search."""
    rows = range(0, len(pixels), 2 * half)
    return all(pixels[at : at + half] == pixels[at + half : at + 2 * half] for at in rows)


def look_at_all(paths: Sequence[Path], tell: Tell, *, decode: bool = True) -> list[Look]:
    """What each of these files is, in their order.

    Threads, as Pillow and hashlib work outside Python's lock (docs/own-images.md has what that is worth). Ctrl-C ends
    the reading with the files that are just being read.
    """
    what = "looking at images" if decode else "looking at sizes"
    wanted = threading.Event()
    wanted.set()

    def look_at_some(some: Sequence[Path]) -> list[Look]:
        return [look_at(path, decode=decode) for path in some if wanted.is_set()]

    pieces = [paths[at : at + _AT_A_TIME] for at in range(0, len(paths), _AT_A_TIME)]
    threads = ThreadPoolExecutor(max_workers=min(MOST_THREADS, os.cpu_count() or 1), thread_name_prefix="looking")
    try:
        found: list[Look] = []
        for looks in threads.map(look_at_some, pieces):
            found += looks
            tell(Progress(what=what, done=len(found), total=len(paths)))
        return found
    finally:
        wanted.clear()
        threads.shutdown(wait=False, cancel_futures=True)
