"""How much of a record is there at one moment, and its bytes in chunks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.protocol.rundir import RunDirectory
from engine.protocol.wire import CHUNK

_TAIL = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Lengths in bytes that both files had at the same moment, each up to a newline.

    An engine writes its events one after another, so whatever precedes an event of either file is in both of a cut.
    """

    metrics: int
    events: int


def cut_of(run: RunDirectory) -> Cut:
    """A cut of a run's record as it is now. Raises OSError when a file cannot be read."""
    events = _whole_size(run.events)
    while True:
        metrics = _whole_size(run.metrics)
        later = _whole_size(run.events)
        if later == events:
            return Cut(metrics=metrics, events=events)
        events = later


def read_chunk(path: Path, offset: int, end: int) -> bytes:
    """The bytes of a file from an offset up to an end, a chunk at most. Raises OSError."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(max(0, min(CHUNK, end - offset)))


def _whole_size(path: Path) -> int:
    """Up to the last newline: what follows it may be taken back by a disk that is full, and is no line yet."""
    try:
        with path.open("rb") as file:
            end = os.fstat(file.fileno()).st_size
            while end > 0:
                start = max(0, end - _TAIL)
                file.seek(start)
                place = file.read(end - start).rfind(b"\n")
                if place >= 0:
                    return start + place + 1
                end = start
    except FileNotFoundError:
        pass
    return 0
