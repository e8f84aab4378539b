"""Small image folders on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
