"""USPS and SVHN as they are published, written as training reads them."""

from __future__ import annotations

import bz2
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.config.data import DigitsData
from engine.config.data_check import check_data
from engine.config.digit_files import IdxFiles, digits_in, require_digits
from engine.data.idx import read_labelled_idx
from engine.data.published_digits import convert_digits
from engine.errors import WorkError
from engine.protocol.digits import ConvertDigitsJob, ConvertedDigits, PublishedDigits
from engine.protocol.jobs import Progress, Remark

USPS_LABELS = {"usps.bz2": [1, 10, 4], "usps.t.bz2": [7, 2]}
"""As the files have them: the digit and one."""


def publish_usps(folder: Path, rows: dict[str, list[int]] | None = None) -> dict[str, NDArray[np.uint8]]:
    """Write the two files; returns the pixels that are meant."""
    draws = np.random.default_rng(3)
    meant = {}
    for name, labels in (rows or USPS_LABELS).items():
        pixels = draws.integers(0, 256, (len(labels), 256), dtype=np.uint8)
        meant[name] = pixels.reshape(-1, 16, 16)
        lines = (_libsvm(label, row / 127.5 - 1) for label, row in zip(labels, pixels, strict=True))
        (folder / name).write_bytes(bz2.compress("\n".join(lines).encode() + b"\n"))
    return meant


def _libsvm(label: int, values: Sequence[float] | NDArray[np.float64]) -> str:
    return f"{label} " + " ".join(f"{place}:{value:.6f}" for place, value in enumerate(values, start=1))


def publish_svhn(folder: Path, numbers: dict[str, int]) -> dict[str, tuple[NDArray[np.uint8], list[int]]]:
    """Write the two files; returns pixels (N, H, W, 3) and digits. 10 stands for the digit 0."""
    io = pytest.importorskip("scipy.io")
    draws = np.random.default_rng(4)
    meant = {}
    for split, number in numbers.items():
        pixels = draws.integers(0, 256, (number, 32, 32, 3), dtype=np.uint8)
        labels = np.arange(1, number + 1, dtype=np.uint8) % 10
        stored = np.where(labels == 0, 10, labels).reshape(-1, 1)
        io.savemat(folder / f"{split}_32x32.mat", {"X": pixels.transpose(1, 2, 3, 0), "y": stored})
        meant[split] = pixels, labels.tolist()
    return meant


def converted(digits: PublishedDigits, source: Path, into: Path) -> tuple[ConvertedDigits, list[Progress | Remark]]:
    told: list[Progress | Remark] = []
    return convert_digits(ConvertDigitsJob(digits=digits, source=str(source), into=str(into)), told.append), told


def test_usps_becomes_idx_files(tmp_path: Path) -> None:
    meant = publish_usps(tmp_path)
    answer, _ = converted("usps", tmp_path, tmp_path / "usps")
    assert answer == ConvertedDigits(train=3, test=2)
    check_data(DigitsData(root=str(tmp_path), A="usps", B="usps"))
    for split, name, digits in (("train", "usps.bz2", [0, 9, 3]), ("test", "usps.t.bz2", [6, 1])):
        files = require_digits(tmp_path / "usps", split)  # type: ignore[arg-type]
        assert isinstance(files, IdxFiles)
        pixels, labels = read_labelled_idx(files)
        assert labels.tolist() == digits
        assert np.abs(np.asarray(pixels, int) - meant[name]).max() <= 1, "torchvision cuts off what it should round"


def test_svhn_becomes_folders_of_colour_images(tmp_path: Path) -> None:
    meant = publish_svhn(tmp_path, {"train": 12, "test": 3})
    answer, told = converted("svhn", tmp_path, tmp_path / "svhn")
    assert answer == ConvertedDigits(train=12, test=3)
    assert told[-1] == Progress(what="writing test images", done=3, total=3)
    check_data(DigitsData(root=str(tmp_path), A="svhn", B="svhn"))
    assert digits_in(require_digits(tmp_path / "svhn", "train"), ()) == 12
    for split, (pixels, digits) in meant.items():
        for index, digit in enumerate(digits):
            path = tmp_path / "svhn" / split / str(digit) / f"{index:06}.png"
            assert np.array_equal(np.asarray(Image.open(path)), pixels[index])


@pytest.mark.parametrize("content", [b"no archive", bz2.compress(b"1 1:0.5\n"), bz2.compress(b"x y:z\n"), None])
def test_what_is_no_usps_is_a_failure(tmp_path: Path, content: bytes | None) -> None:
    publish_usps(tmp_path)
    if content is None:
        (tmp_path / "usps.bz2").unlink()
    else:
        (tmp_path / "usps.bz2").write_bytes(content)
    with pytest.raises(WorkError, match="usps, train: cannot be read"):
        converted("usps", tmp_path, tmp_path / "usps")


def test_labels_that_are_no_digits(tmp_path: Path) -> None:
    publish_usps(tmp_path, {"usps.bz2": [1, 12], "usps.t.bz2": [1]})
    with pytest.raises(WorkError, match="usps, train: has labels that are no digits"):
        converted("usps", tmp_path, tmp_path / "usps")
    assert not (tmp_path / "usps").exists()


@pytest.mark.parametrize("content", [b"no such file", b""])
def test_what_is_no_svhn_is_a_failure(tmp_path: Path, content: bytes) -> None:
    publish_svhn(tmp_path, {"train": 2, "test": 2})
    (tmp_path / "train_32x32.mat").write_bytes(content)
    with pytest.raises(WorkError, match="svhn, train: cannot be read"):
        converted("svhn", tmp_path, tmp_path / "svhn")
