"""Images that come with lists of their labels, sorted into a folder for each digit, as MNIST-M comes."""

from __future__ import annotations

import re
from pathlib import Path

from gan_tui.datasets.sets.content_error import ContentError

_LINE = re.compile(r"([\w.-]+) ([0-9])")


def sort_by_label(name: str, unpacked: Path, into: Path) -> None:
    """Move the images of NAME_train and NAME_test into train/<digit> and test/<digit> of another folder.

    Args:
        name: what folders and lists begin with.
        unpacked: holds them: NAME_train, NAME_train_labels.txt with lines such as ``00000000.png 5``, and so for test.
        into: that is not there yet, on the same disk.

    Raises:
        ContentError: a list or an image is missing, or a line is none of a label.
    """
    for split in ("train", "test"):
        images = unpacked / f"{name}_{split}"
        labels = unpacked / f"{name}_{split}_labels.txt"
        for digit in range(10):
            (into / split / str(digit)).mkdir(parents=True)
        try:
            lines = labels.read_text(encoding="ascii").splitlines()
            for line in lines:
                found = _LINE.fullmatch(line.rstrip())
                if found is None:
                    raise ContentError(labels.name, f"has a line that is none of a label: {line[:80]!r}", _FIX)
                (images / found[1]).rename(into / split / found[2] / found[1])
        except FileNotFoundError as error:
            raise ContentError(str(error.filename), "is not in the archive", _FIX) from error
        except UnicodeDecodeError as error:
            raise ContentError(labels.name, "is no list of labels", _FIX) from error


_FIX = "Name another mirror: --mirror URL."
