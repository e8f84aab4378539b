"""Sets of digits as they are published, read by torchvision, in the form in which training reads them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torchvision.datasets import SVHN, USPS  # type: ignore[import-untyped]

from engine.config.digit_files import DIGITS, DigitSplit
from engine.errors import WorkError
from engine.protocol.digits import ConvertDigitsJob, ConvertedDigits, PublishedDigits
from engine.protocol.jobs import Progress, Tell

SPLITS: tuple[DigitSplit, ...] = ("train", "test")
TELL_EVERY = 500
"""Images."""


class _Checked(SVHN):  # type: ignore[misc]
    """SVHN without the MD5 of its files: whoever fetched them has compared a stronger checksum."""

    def _check_integrity(self) -> bool:
        return Path(self.root, self.filename).is_file()


def convert_digits(job: ConvertDigitsJob, tell: Tell) -> ConvertedDigits:
    """Write USPS as IDX files, and SVHN, which has colours, as PNG files in a folder for each digit.

    Raises:
        WorkError: a file is missing or damaged, a label is no digit, or the disk takes no more.
    """
    into = Path(job.into)
    numbers = {}
    for split in SPLITS:
        pixels, labels = _read(job.digits, Path(job.source), split)
        if len(labels) != len(pixels) or np.any((labels < 0) | (labels >= DIGITS)):
            raise WorkError(f"{job.digits}, {split}", "has labels that are no digits, or not one for each image", _FIX)
        try:
            match job.digits:
                case "usps":
                    _write_idx(into, split, pixels, labels)
                case "svhn":
                    _write_folders(into / split, pixels, labels, split, tell)
                case _:
                    assert_never(job.digits)
        except OSError as error:
            raise WorkError(str(into), f"cannot be written ({error.strerror})", "Make room there.") from error
        numbers[split] = len(labels)
    return ConvertedDigits(train=numbers["train"], test=numbers["test"])


def _read(digits: PublishedDigits, source: Path, split: DigitSplit) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Greys (N, H, W) or colours (N, H, W, 3), and labels (N,)."""
    readers: dict[PublishedDigits, Callable[[], Any]] = {
        "usps": lambda: USPS(str(source), train=split == "train"),
        "svhn": lambda: _Checked(str(source), split=split),
    }
    try:
        found = readers[digits]()
    except Exception as error:
        raise WorkError(f"{digits}, {split}", f"cannot be read ({error})", _FIX) from error
    if digits == "usps":
        return np.asarray(found.data, np.uint8), np.asarray(found.targets, np.int64)
    return np.asarray(found.data, np.uint8).transpose(0, 2, 3, 1), np.asarray(found.labels, np.int64)


_FIX = "Fetch it anew, or name a mirror: --mirror URL."


def _write_idx(into: Path, split: str, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    into.mkdir(exist_ok=True)
    for name, values in (("images-idx3", images), ("labels-idx1", labels.astype(np.uint8))):
        header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)  # 8: unsigned bytes
        (into / f"{split}-{name}-ubyte").write_bytes(header + np.ascontiguousarray(values).tobytes())


def _write_folders(
    into: Path, images: NDArray[np.uint8], labels: NDArray[np.int64], split: str, tell: Tell
) -> None:  # fmt: skip
    for digit in range(DIGITS):
        (into / str(digit)).mkdir(parents=True)
    for index, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        if index % TELL_EVERY == 0:
            tell(Progress(what=f"writing {split} images", done=index, total=len(images)))
        Image.fromarray(np.ascontiguousarray(pixels)).save(into / str(label) / f"{index:06}.png", compress_level=1)
    tell(Progress(what=f"writing {split} images", done=len(images), total=len(images)))
