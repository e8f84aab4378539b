"""Small image folders on disk."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.config.data import UnpairedData


def write_image(path: Path, number: int, size: tuple[int, int] = (24, 20)) -> None:
    """A lossless picture whose every pixel tells its number (red) and place (green: x, blue: y)."""
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, :, 0] = number
    pixels[:, :, 1] = np.arange(width)
    pixels[:, :, 2] = np.arange(height)[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


MakeFolders = Callable[..., Path]


@pytest.fixture
def make_folders(tmp_path: Path) -> MakeFolders:
    """Writes folders such as trainA=5, trainB=7; image k of trainA is numbered k, of trainB 100 + k, tests 50 on."""

    def make(size: tuple[int, int] = (24, 20), **counts: int) -> Path:
        first = {"trainA": 0, "trainB": 100, "testA": 50, "testB": 150}
        for folder, count in counts.items():
            (tmp_path / folder).mkdir()
            for k in range(count):
                write_image(tmp_path / folder / f"{k:03d}.png", first[folder] + k, size)
        return tmp_path

    return make


@pytest.fixture
def whole_images(make_folders: MakeFolders) -> UnpairedData:
    """5 and 7 images seen whole and unflipped, so that a batch shows which were chosen."""
    root = make_folders(trainA=5, trainB=7)
    return UnpairedData(root=str(root), resize=20, crop=20, flip=False, workers=0)


def write_pair(path: Path, number: int, size: tuple[int, int] = (24, 20)) -> None:
    """Both halves of this size side by side: the left is numbered so, the right 100 more."""
    width, height = size
    pixels = np.zeros((height, 2 * width, 3), np.uint8)
    pixels[:, :, 0] = np.repeat([number, 100 + number], width)
    pixels[:, :, 1] = np.tile(np.arange(width), 2)
    pixels[:, :, 2] = np.arange(height)[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def idx_bytes(values: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """An IDX file of these values."""
    return bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape) + values.tobytes()


def write_idx_set(folder: Path, count: int, *, split: str = "train", prefix: str = "", zipped: bool = False) -> None:
    """Images of 6 x 6 px, all of one grey, which is their number; image k shows the digit k modulo 10."""
    folder.mkdir(parents=True, exist_ok=True)
    greys = np.repeat(np.arange(count, dtype=np.uint8), 36).reshape(count, 6, 6)
    labels = (np.arange(count) % 10).astype(np.uint8)
    for name, values in (("images-idx3", greys), ("labels-idx1", labels)):
        content, path = idx_bytes(values), folder / f"{prefix}{split}-{name}-ubyte"
        if zipped:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content))
        else:
            path.write_bytes(content)


def write_digit_folders(folder: Path, each: int, digits: Iterable[int] = range(10)) -> None:
    """Folders 0 to 9 of so many images of 8 x 8 px; image k of digit d is numbered 20 d + k."""
    for digit in digits:
        for k in range(each):
            write_image(folder / str(digit) / f"{k}.png", 20 * digit + k, (8, 8))
