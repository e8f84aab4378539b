"""IDX files are read as they say they are, and every other file is refused in words."""

from __future__ import annotations

import gzip
import os
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config.digit_files import IdxFiles
from engine.config.idx_header import MAX_BYTES, idx_shape
from engine.data.idx import read_idx, read_labelled_idx
from engine.errors import RequestError
from tests.engine.data.conftest import idx_bytes

VALUES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def refusal(path: Path, dimensions: int = 3) -> str:
    with pytest.raises(RequestError) as caught:
        read_idx(path, dimensions)
    assert caught.value.subject == str(path)
    assert caught.value.fix
    return caught.value.fact


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("zipped", [False, True])
def test_values_come_back_in_their_shape(tmp_path: Path, zipped: bool) -> None:
    content = idx_bytes(VALUES)
    path = written(tmp_path / "named as one likes", gzip.compress(content) if zipped else content)
    assert idx_shape(path, 3) == (2, 3, 4)
    found = read_idx(path, 3)
    assert found.dtype == np.uint8
    assert np.array_equal(found, VALUES)


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (b"", "is not an IDX file"),
        (b"\0\0\x08", "is not an IDX file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "is not an IDX file"),
        (b"\0\0\x0d\x03" + bytes(20), "type 0x0d, not unsigned bytes"),
        (idx_bytes(VALUES[0]), "has 2 dimensions, where 3 are expected"),
        (idx_bytes(VALUES)[:14], "ends within its header"),
        (idx_bytes(VALUES[:0]), "holds nothing"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "more than the"),
        (idx_bytes(VALUES)[:-1], "fewer values than the 24 that its header says: 23"),
        (idx_bytes(VALUES) + b"\0", "more values than the 24"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_other_files_are_refused(tmp_path: Path, content: bytes, fact: str, zipped: bool) -> None:
    assert fact in refusal(written(tmp_path / "x", gzip.compress(content) if zipped else content))


def test_what_a_gzip_holds_beyond_its_header_is_not_inflated(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(idx_bytes(VALUES))
        for _ in range(64):
            file.write(bytes(2**20))
    tracemalloc.start()
    try:
        assert "more values than the 24" in refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(idx_bytes(VALUES)))
    content[-6] ^= 1  # its checksum
    assert "cannot be read" in refusal(written(tmp_path / "checksum", bytes(content)))
    assert "cannot be read" in refusal(written(tmp_path / "cut", bytes(content[:-12])))


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x")
    assert "not a regular file" in refusal(tmp_path / "x")
    assert "not a regular file" in refusal(tmp_path)
    assert "No such file" in refusal(tmp_path / "absent")


@settings(max_examples=300, deadline=None)
@given(
    mutations=st.lists(st.tuples(st.integers(0, 60), st.binary(max_size=6)), max_size=4),
    cut=st.integers(0, 60),
    zipped=st.booleans(),
    zipped_first=st.booleans(),
)
def test_any_bytes_are_read_or_refused(
    mutations: list[tuple[int, bytes]], cut: int, zipped: bool, zipped_first: bool
) -> None:
    """Damage before or after the packing: the answer is the values that a header promises, or a refusal."""
    content = idx_bytes(VALUES)
    if zipped and zipped_first:
        content = gzip.compress(content, mtime=0)
    for at, replacement in mutations:
        content = content[:at] + replacement + content[at + len(replacement) :]
    content = content[: len(content) - cut % 7]
    if zipped and not zipped_first:
        content = gzip.compress(content, mtime=0)
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "x", content)
        try:
            found = read_idx(path, 3)
        except RequestError:
            return
        assert found.shape == idx_shape(path, 3)
        assert found.size <= MAX_BYTES


# ---------------------------------------------------------------------------------------------- images and labels


def labelled(folder: Path, images: int, labels: list[int]) -> IdxFiles:
    greys = np.zeros((images, 3, 4), np.uint8)
    return IdxFiles(
        images=written(folder / "images", idx_bytes(greys)),
        labels=written(folder / "labels", idx_bytes(np.array(labels, np.uint8))),
    )


def test_labels_belong_to_images(tmp_path: Path) -> None:
    greys, labels = read_labelled_idx(labelled(tmp_path, 3, [9, 0, 4]))
    assert greys.shape == (3, 3, 4)
    assert labels.dtype == np.int64
    assert labels.tolist() == [9, 0, 4]


def test_a_label_too_few_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="has 2 labels for the 3 images of images"):
        read_labelled_idx(labelled(tmp_path, 3, [9, 0]))


def test_a_label_that_is_no_digit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="has label 10 at 2, where labels are 0 to 9"):
        read_labelled_idx(labelled(tmp_path, 4, [9, 0, 10, 11]))
