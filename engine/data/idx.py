"""Labelled digits from IDX files, decoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.config.digit_files import IdxFiles, idx_sizes, read_labels
from engine.config.idx_header import opened_idx, read_values
from engine.data.epochs import Labels
from engine.data.transforms import Pixels


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """All values of an IDX file of unsigned bytes, in the shape that its header says.

    Raises:
        RequestError: the file is missing, damaged, of another kind or another number of dimensions, too large, or
            holds fewer or more values than its header says.
    """
    with opened_idx(path, dimensions) as (file, shape):
        return np.frombuffer(read_values(path, file, shape), np.uint8).reshape(shape)


def read_labelled_idx(files: IdxFiles) -> tuple[Pixels, Labels]:
    """Greys, (N, H, W), and labels, (N,), 0 to 9.

    Raises:
        RequestError: as read_idx; the files have different lengths; or a label is no digit.
    """
    idx_sizes(files)
    labels = np.frombuffer(read_labels(files), np.uint8)
    return read_idx(files.images, 3), labels.astype(np.int64)
