"""Files of weights that PyTorch wrote (.pth), read without running what they hold, and brought to today's form."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from engine.errors import RequestError

State = dict[str, Tensor]

_OF_DATA_PARALLEL = "module."
_PICKLED = b"\x80"
"""The first byte of a pickle of any version since Python 2.3."""
_AGAIN = "Copy or download it again."
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def read_weights(path: Path) -> State:
    """The tensors of a state dict, by key, on the CPU.

    Args:
        path: a file, or a link to one.

    Raises:
        RequestError: it cannot be read, is no state dict, or is made to do something else than hold weights.
    """
    size = _size(path)
    _check_archive(path, size)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise _unsafe(path) from error
    except Exception as error:
        if _is_old_archive(path):
            raise _running_code(path, "is of PyTorch's oldest format, a tar archive") from error
        raise RequestError(str(path), "is no file of weights that PyTorch wrote, or is damaged", _AGAIN) from error
    return _tensors(path, found, size)


def tidied(state: Mapping[str, Tensor]) -> State:
    """Weights as a network of today has them, in float32.

    Keys of nn.DataParallel lose their "module."; statistics that instance normalisation kept before PyTorch 0.4, and
    which nothing reads, are left out; the count of batches that batch normalisation did not keep before 0.4.1 is 0.
    """
    if all(key.startswith(_OF_DATA_PARALLEL) for key in state):
        state = {key.removeprefix(_OF_DATA_PARALLEL): value for key, value in state.items()}
    found: State = {}
    for key, value in state.items():
        layer, _, name = key.rpartition(".")
        if name in _STATISTICS and f"{layer}.weight" not in state:
            continue
        found[key] = value.float() if value.is_floating_point() else value
        if name == "running_var" and f"{layer}.num_batches_tracked" not in state:
            found[f"{layer}.num_batches_tracked"] = torch.zeros((), dtype=torch.int64)
    return found


def _size(path: Path) -> int:
    """Bytes. Raises RequestError: it is no file; a pipe would be waited for without end."""
    try:
        if path.is_file():
            return path.stat().st_size
        fact = "is no file" if path.exists() else "does not exist"
    except OSError as error:
        fact = f"cannot be looked at ({error.strerror})"
    raise RequestError(str(path), fact, "Name files of weights, or the folder that they lie in.")


def _check_archive(path: Path, size: int) -> None:
    """Refuse an archive that unpacks to more than it is: PyTorch stores tensors as they are."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return  # of before PyTorch 1.6, or no archive at all, which torch.load tells
    if unpacked > size:
        fact = f"is packed, and would unpack to {unpacked:,} bytes from {size:,}: PyTorch does not write such files"
        raise RequestError(str(path), fact, "Get it from where it was first published.")


def _tensors(path: Path, found: Any, size: int) -> State:
    """Raises RequestError: it is not a mapping of names to plain tensors that lie in the file."""
    if not isinstance(found, Mapping) or not found:
        fact = f"holds a {type(found).__name__} and no state dict"
        raise RequestError(str(path), fact, "Save the network's state_dict() and import that.")
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, Tensor) or value.layout != torch.strided:
            fact = f"holds a {type(value).__name__} as {key!r}, and weights are plain tensors by name"
            raise RequestError(str(path), fact, "Save the network's state_dict() and import that.")
        if value.is_quantized or value.is_complex() or value.is_meta:
            fact = f"holds {key!r} as {value.dtype}, which no network here has"
            raise RequestError(str(path), fact, "Save the network's weights as float32.")
    declared = sum(value.numel() * value.element_size() for value in found.values())
    if declared > size:
        key, largest = max(found.items(), key=lambda item: item[1].numel())
        shape = "x".join(map(str, largest.shape))
        fact = f"declares {declared:,} bytes of weights and has {size:,} ({key} is {shape})"
        raise RequestError(str(path), fact, "Get it from where it was first published.")
    return dict(found)


def _is_old_archive(path: Path) -> bool:
    try:
        with tarfile.open(path) as archive:
            return "pickle" in archive.getnames()
    except (tarfile.TarError, OSError, EOFError):
        return False


def _unsafe(path: Path) -> RequestError:
    """Of content that PyTorch's reader of tensors refuses; nothing of it was run."""
    with path.open("rb") as file:
        is_pickled = file.read(1) == _PICKLED or zipfile.is_zipfile(path)
    if is_pickled:
        return _running_code(path, "holds more than tensors")
    return RequestError(str(path), "is no file of weights that PyTorch wrote, or is damaged", _AGAIN)


def _running_code(path: Path, what: str) -> RequestError:
    fix = "Where you trust it, save the network's state_dict() with today's PyTorch, and import that."
    return RequestError(str(path), f"{what}: to load it could run code, and it was not loaded", fix)
