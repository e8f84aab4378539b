"""Whether a run keeps its images once they are decoded, and where: decided once, before the first step, and told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.config.data import FolderData
from engine.config.image_files import UnreadableImageError, image_size
from engine.data.domains import Collection, FolderDomain
from engine.data.framed import FramedImages
from engine.data.free_memory import free_memory
from engine.data.paired import HalvesDomain, Matched, SideBySide
from engine.errors import RequestError

MEBIBYTE = 2**20
DEVICE_SHARE = 8
"""The images may take one part in so many of the memory that is free on a GPU: the first step needs the rest."""
HOST_SHARE = 4
"""Likewise of the host's."""
HEADER_READERS = 8
"""Threads that read the sizes of images that are not resized: on a network's disk it is the waiting that counts."""
CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class CachePlan:
    """Where the images of a run are kept."""

    images: FramedImages
    device: torch.device
    """The CPU for the host's memory."""
    nbytes: int
    """What all of them take, unless files change."""
    on_device: bool
    """Whether views are cut on the training device, by the loop; else ahead of it on the host."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What came of ``data.cache``."""

    plan: CachePlan | None
    """None where each image is decoded whenever it is seen."""
    reason: str
    """For the journal: "2,401 images, 562 MiB, on cuda:0; an eighth of its free memory is 16,670 MiB"."""


def decide(config: FolderData, images: FramedImages, device: torch.device, sharing: int = 1) -> Decision:
    """Choose where the images are kept.

    Args:
        config: the preset's [data] section.
        images: those that are trained on.
        device: the training device.
        sharing: processes of the run on this machine: any image may come to any of them, so each keeps all.

    Raises:
        RequestError: a place was asked for by name, and they do not fit there.
    """
    number = sum(len(collection) for collection in images.collections)
    what = f"{number:,} {'pairs' if len(images.collections) == 1 else 'images'}"
    if config.cache == "off":
        return Decision(plan=None, reason=f"{what}, decoded whenever they are seen: data.cache = off")
    tried = []
    for where in _places(config, device):
        limit, rule = _limit(config, where, sharing)
        nbytes = bytes_needed(images, limit)
        if nbytes is not None:
            kept = f"{what}, {_mebibytes(nbytes)}, kept in {_name(where)}; the limit, {rule}, is {_mebibytes(limit)}"
            on_device = config.cache == "device" or where.type != "cpu"
            return Decision(
                plan=CachePlan(images=images, device=where, nbytes=nbytes, on_device=on_device), reason=kept
            )
        tried.append(f"more than {_mebibytes(limit)} of {_name(where)}, which is {rule}")
    fact = " and ".join(tried)
    if config.cache == "auto":
        return Decision(plan=None, reason=f"{what}, decoded whenever they are seen: they would take {fact}")
    fix = "Raise data.cache_limit (in MiB), or set data.cache = auto."
    raise RequestError(f"data.cache = {config.cache}", f"asks to keep {what} that take {fact}", fix)


def _places(config: FolderData, device: torch.device) -> tuple[torch.device, ...]:
    match config.cache:
        case "device":
            return (device,)
        case "auto" if device.type == "cuda":
            return device, CPU
        case _:
            return (CPU,)


def _limit(config: FolderData, where: torch.device, sharing: int) -> tuple[int, str]:
    """Bytes, and where that number comes from."""
    if config.cache_limit:
        return config.cache_limit * MEBIBYTE, "data.cache_limit"
    if where.type == "cuda":
        return free_memory(where) // DEVICE_SHARE, "an eighth of what is free there"
    of_all = "" if sharing == 1 else f" for {sharing} processes that keep all images each"
    return free_memory(where) // HOST_SHARE // sharing, f"a quarter of what is free there{of_all}"


def _name(where: torch.device) -> str:
    return "the host's memory" if where.type == "cpu" else f"the memory of {where}"


def _mebibytes(nbytes: int) -> str:
    return f"{-(-nbytes // MEBIBYTE):,} MiB"


# ------------------------------------------------------------------------------------------------ what they take


def bytes_needed(images: FramedImages, limit: int) -> int | None:
    """Bytes of all images at the size that views are cut from; None where they are more than the limit.

    Where images keep their sizes, those are read from the files' headers, unless there are too many files in any case.
    """
    nbytes = least_bytes(images)
    if nbytes <= limit and not images.framing.resize:
        files = [file for collection in images.collections for file in _files(collection.collection)]
        with ThreadPoolExecutor(HEADER_READERS) as readers:
            nbytes = sum(readers.map(_bytes_of, files))
    return nbytes if nbytes <= limit else None


def least_bytes(images: FramedImages) -> int:
    """Bytes of all images at the least, without a look at any: exactly, where they are resized."""
    side = images.framing.resize or images.framing.crop
    return sum(_width(collection.collection) * len(collection) * 3 * side * side for collection in images.collections)


def _width(collection: Collection[Any]) -> int:
    """Images in each of a collection's entries."""
    return 2 if isinstance(collection, SideBySide | Matched) else 1


def _files(collection: Collection[Any]) -> Iterator[tuple[Path, int]]:
    """The files of a collection, and into how many parts each is cut of which one is kept."""
    match collection:
        case FolderDomain() | SideBySide():
            yield from ((path, 1) for path in collection.paths)
        case HalvesDomain():
            yield from ((path, 2) for path in collection.paths)
        case Matched():
            for domain in collection.domains:
                yield from _files(domain)
        case _:
            raise TypeError(f"{collection.name} has no files")


def _bytes_of(file: tuple[Path, int]) -> int:
    path, parts = file
    try:
        width, height = image_size(path)
    except UnreadableImageError:
        return 0
    return 3 * width * height // parts
