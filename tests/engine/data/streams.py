"""Batches of a stream, compared byte for byte; the processes that read for it."""

from __future__ import annotations

import contextlib
from itertools import islice

import psutil
import torch

from engine.data.build import Source
from engine.data.stream import Batch, BatchStream


def take(
    source: Source, number: int, *, batch: int = 2, epoch: int = 1, index: int = 0, workers: int = 0, pin: bool = False
) -> list[Batch]:
    """The batches of a stream that begins at a place."""
    with contextlib.closing(BatchStream(source, batch, epoch, index, workers=workers, pin=pin)) as stream:
        return list(islice(stream, number))


def assert_same(first: list[Batch], second: list[Batch]) -> None:
    """Fails where two streams differ, be it in one byte, one label or one report of an image passed over."""
    assert [batch.place for batch in first] == [batch.place for batch in second]
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.images.real_A.cpu(), other.images.real_A.cpu())
        assert torch.equal(one.images.real_B.cpu(), other.images.real_B.cpu())
        assert (one.images.label_A is None) == (other.images.label_A is None)
        if one.images.label_A is not None and other.images.label_A is not None:
            assert torch.equal(one.images.label_A, other.images.label_A)
        assert one.problems == other.problems


def data_workers() -> list[psutil.Process]:
    """The processes that this one has started to read images."""
    return [process for process in psutil.Process().children(recursive=True) if _reads(process)]


def _reads(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it ended just now
        return False
