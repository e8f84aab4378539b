"""Writing files of tensors. What a disk does not take is an OSError, whichever library writes it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor


def write_weights(tensors: dict[str, Tensor], path: Path, facts: Mapping[str, str] | None = None) -> None:
    """Write a file of safetensors.

    Args:
        tensors: by name, each contiguous and with memory of its own.
        path: the file.
        facts: text that goes with them.

    Raises:
        OSError: the disk does not take it.
    """
    try:
        save_file(tensors, path, None if facts is None else dict(facts))
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        raise OSError(int(number[1]), os.strerror(int(number[1]))) if number else OSError(str(error)) from error


def write_state(state: Mapping[str, Any], path: Path) -> None:
    """Write tensors, numbers and text by torch.save.

    Raises:
        OSError: the disk does not take it.
    """
    with path.open("wb") as file:
        sink = _Sink(file)
        try:
            torch.save(state, sink)  # type: ignore[arg-type]  # it needs no more of a file than this
        except RuntimeError as error:
            raise sink.error or OSError(str(error)) from error


class _Sink:
    """A file that remembers why it could not be written: torch.save tells of another error that follows from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()
