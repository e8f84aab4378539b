"""Reading a run's record: metrics.jsonl and events.jsonl as one sequence of events, also while an engine appends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from engine.protocol.codec import DecodeError, decode_event
from engine.protocol.events import Event, Metrics
from engine.protocol.rundir import RunDirectory

_CHUNK = 1 << 20
_TAIL = 1 << 16


class RecordReader:
    """Reads what was recorded since the last read, in the order of ``seq``."""

    def __init__(self, run: RunDirectory) -> None:
        self._metrics = _Lines(run.metrics)
        self._events = _Lines(run.events)

    @property
    def damaged(self) -> int:
        """Lines skipped so far because they were torn or not of this schema."""
        return self._metrics.damaged + self._events.damaged

    def read(self) -> Iterator[Event]:
        """Every event recorded since the last call, oldest first.

        The engine writes events one after another, so whatever precedes an event in one file is on disk before it. An
        event is therefore handed out once the other file has been read again *after* it and shows nothing older.
        """
        while True:
            metric, event = self._metrics.head(), self._events.head()
            if metric is None and event is None:
                return
            if metric is None:
                metric = self._metrics.head()
            if event is None:
                event = self._events.head()
            if event is None or (metric is not None and metric.seq < event.seq):
                yield self._metrics.take()
            else:
                yield self._events.take()


def last_event(path: Path) -> Event | None:
    """The newest whole line of one file of the record, without reading the rest of it."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            lines = file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return None
    for line in reversed(lines):
        try:
            return decode_event(line)
        except DecodeError:
            continue
    return None


def last_metrics(run: RunDirectory) -> Metrics | None:
    """The newest line of metrics."""
    newest = last_event(run.metrics)
    return newest if isinstance(newest, Metrics) else None


class _Lines:
    """The events of one growing file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._torn = b""
        self._ready: deque[Event] = deque()
        self.damaged = 0

    def head(self) -> Event | None:
        """The oldest event not yet taken; reads on in the file when none is at hand."""
        while not self._ready:
            chunk = self._next_chunk()
            if not chunk:
                return None
            *lines, self._torn = (self._torn + chunk).split(b"\n")
            for line in lines:
                try:
                    self._ready.append(decode_event(line))
                except DecodeError:
                    self.damaged += 1
        return self._ready[0]

    def take(self) -> Event:
        return self._ready.popleft()

    def _next_chunk(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                chunk = file.read(_CHUNK)
        except FileNotFoundError:
            return b""
        self._offset += len(chunk)
        return chunk
