"""Folders of small pictures, each different from every other, and what is wrong with some of them."""

from __future__ import annotations

import itertools
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_tui.datasets.check.inspection import inspect_folder
from gan_tui.datasets.check.schema import FolderFinding, Inspection, Topic

_numbers = itertools.count()


def picture(size: tuple[int, int] = (32, 32), mode: str = "RGB") -> Image.Image:
    """One that was not there before."""
    noise = np.random.default_rng(next(_numbers)).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(noise).convert(mode)


def put_picture(path: Path, size: tuple[int, int] = (32, 32), mode: str = "RGB", **options: Any) -> Path:
    """A new picture in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(size, mode).save(path, **options)
    return path


def put_pictures(folder: Path, number: int, size: tuple[int, int] = (32, 32)) -> list[Path]:
    """So many new pictures in a folder."""
    return [put_picture(folder / f"{number:03d}.png", size) for number in range(number)]


def unpaired(root: Path, size: tuple[int, int] = (32, 32)) -> Path:
    """Three pictures of each domain to train on, and two of each to test."""
    for name, number in (("trainA", 3), ("trainB", 3), ("testA", 2), ("testB", 2)):
        put_pictures(root / name, number, size)
    return root


def bomb(path: Path, width: int = 60_000, height: int = 60_000) -> Path:
    """A small PNG file that says it is huge."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))
    return path


def inspected(folder: Path) -> Inspection:
    """What is said of a folder."""
    return inspect_folder(folder, lambda said: None)


def about(found: Inspection, topic: Topic) -> list[FolderFinding]:
    """What of it is about one thing."""
    return [finding for finding in found.findings if finding.topic == topic]


def files_of(found: Inspection, topic: Topic) -> dict[str, str]:
    """The files that one finding is about, with what is said of each."""
    [finding] = about(found, topic)
    return {file.path: file.fact for file in finding.files}
