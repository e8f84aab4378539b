"""Headers of IDX files, the format that MNIST is published in: what a file says it holds; free of torch and NumPy.

Two zero bytes, the kind of value (8: unsigned byte), the number of dimensions, each dimension as four bytes with the
highest first, then the values. The file may be gzipped, whatever its name says.
"""

from __future__ import annotations

import functools
import gzip
import math
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from engine.config.image_files import path_text
from engine.errors import RequestError

MAX_BYTES = 2**30
"""Larger files are refused: forty times all digits of MNIST."""

_PIECE = 2**20
"""Bytes that are inflated at a time where they are only counted."""
_GZIP = b"\x1f\x8b"
_UNSIGNED_BYTE = 8
_FIX = "Fetch the file anew."


def idx_shape(path: Path, dimensions: int) -> tuple[int, ...]:
    """What a file says it holds, from its header alone; that it does hold it is known only for one not gzipped.

    Raises:
        RequestError: as opened_idx.
    """
    with opened_idx(path, dimensions) as (_, shape):
        return shape


def require_values(path: Path, dimensions: int) -> None:
    """Refuse a file that holds fewer or more values than its header says; a gzipped one is inflated to know that.

    Raises:
        RequestError: as opened_idx.
    """
    status = path.stat()
    _require_values(path, dimensions, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _require_values(path: Path, dimensions: int, size: int, changed: int) -> None:
    """As require_values; a file that was whole is not inflated again while its size and its time are the same."""
    with opened_idx(path, dimensions) as (values, shape):
        expected, found = math.prod(shape), 0
        while found <= expected and (piece := values.read(min(_PIECE, expected + 1 - found))):
            found += len(piece)
        _require_size(path, found, expected)


@contextmanager
def opened_idx(path: Path, dimensions: int) -> Iterator[tuple[BinaryIO, tuple[int, ...]]]:
    """A file of unsigned bytes at its first value, and its shape; any failure to read inside the block is the file's.

    Raises:
        RequestError: the file is missing, damaged, of another kind or another number of dimensions, or too large.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise RequestError(path_text(path), "is not a regular file", _FIX)
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP
            file.seek(0)
            values = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if zipped else file
            shape = _read_header(path, values, dimensions)
            if not zipped:
                _require_size(path, status.st_size - _header_size(dimensions), math.prod(shape))
            yield values, shape
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RequestError(path_text(path), f"cannot be read: {reason}", _FIX) from error


def read_values(path: Path, values: BinaryIO, shape: tuple[int, ...]) -> bytes:
    """All values of an opened file.

    Raises:
        RequestError: there are fewer or more than its header says; of those beyond, no more than one is inflated.
    """
    number = math.prod(shape)
    content = values.read(number + 1)
    _require_size(path, len(content), number)
    return content


def _header_size(dimensions: int) -> int:
    return 4 * (1 + dimensions)


def _read_header(path: Path, file: BinaryIO, dimensions: int) -> tuple[int, ...]:
    header = file.read(_header_size(dimensions))
    if header[:2] != b"\0\0" or len(header) < 4:
        raise RequestError(path_text(path), "is not an IDX file", _FIX)
    if header[2] != _UNSIGNED_BYTE:
        raise RequestError(path_text(path), f"holds values of type {header[2]:#04x}, not unsigned bytes (0x08)", _FIX)
    if header[3] != dimensions:
        raise RequestError(path_text(path), f"has {header[3]} dimensions, where {dimensions} are expected", _FIX)
    if len(header) < _header_size(dimensions):
        raise RequestError(path_text(path), "ends within its header", _FIX)
    shape = tuple(int.from_bytes(header[at : at + 4], "big") for at in range(4, len(header), 4))
    if not all(shape):
        raise RequestError(path_text(path), "says that it holds nothing", _FIX)
    if math.prod(shape) > MAX_BYTES:
        fact = f"says that it holds {'x'.join(map(str, shape))} values, more than the {MAX_BYTES:,} that are read"
        raise RequestError(path_text(path), fact, "Use a smaller set.")
    return shape


def _require_size(path: Path, found: int, expected: int) -> None:
    if found == expected:
        return
    fact = f"holds fewer values than the {expected:,} that its header says: {found:,}"
    if found > expected:
        fact = f"holds more values than the {expected:,} that its header says"
    raise RequestError(path_text(path), fact, _FIX)
