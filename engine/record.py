"""Writing a run's record: an event gets the next number, is on file before it is streamed, and is never rewritten."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

import msgspec

from engine.protocol.codec import encode
from engine.protocol.events import Event, Metrics, State
from engine.protocol.record import last_event
from engine.protocol.rundir import Identity, RunDirectory, read_identity, write_identity


class Stamp(TypedDict):
    """The fields that every recorded event begins with."""

    seq: int
    step: int
    time: float


class Record:
    """The engine's pen. One thread writes.

    Args:
        run: where to.
        publish: called with each line after it is written.
    """

    def __init__(self, run: RunDirectory, publish: Callable[[bytes], None] = lambda line: None) -> None:
        self.run = run
        self.publish = publish
        self._metrics = _open_for_append(run.metrics)
        self._events = _open_for_append(run.events)
        newest = (last_event(run.metrics), last_event(run.events))
        self.last_seq = max((event.seq for event in newest if event), default=0)

    def stamp(self, step: int) -> Stamp:
        """The next number, the step and the time; written events must use stamps in order."""
        return Stamp(seq=self.last_seq + 1, step=step, time=round(time.time(), 3))

    def write(self, event: Event) -> None:
        """Append one line, then publish it."""
        assert event.seq == self.last_seq + 1, "events are written in the order of their stamps"
        line = encode(event)
        file = self._metrics if isinstance(event, Metrics) else self._events
        _write_whole(file, line + b"\n")
        self.last_seq = event.seq
        self.publish(line)

    def sync(self) -> None:
        """Make everything written so far survive a power cut."""
        os.fsync(self._metrics)
        os.fsync(self._events)

    def close(self) -> None:
        """Sync and let go of the files."""
        self.sync()
        os.close(self._metrics)
        os.close(self._events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _write_whole(file: int, content: bytes) -> None:
    """Write all of it: on a disk that fills up, one call may write only a part and succeed."""
    while content:
        content = content[os.write(file, content) :]


def _open_for_append(path: Path) -> int:
    """A descriptor at the end of the file, after a newline: what a crash tore stays as a line of its own."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        os.write(file, b"\n")
    return file


class Standing:
    """run.json as the engine keeps it: the run's identity and how it stands."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self.identity: Identity = read_identity(run)

    def update(self, **changes: object) -> None:
        """Replace fields of the identity and write it."""
        self.identity = msgspec.structs.replace(self.identity, **changes)
        write_identity(self._run, self.identity)

    def enter(self, state: State, **changes: object) -> None:
        """Enter a state, now."""
        if state != self.identity.state or changes:
            self.update(state=state, state_since=time.time(), **changes)
