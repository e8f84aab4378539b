"""Reading a run's record: metrics.jsonl and events.jsonl as one sequence of events, also while an engine appends."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import BinaryIO, TypeVar

from engine.protocol.codec import DecodeError, decode_event
from engine.protocol.events import Event, Metrics, Recorded
from engine.protocol.rundir import RunDirectory

LONG = 16 << 20
"""Bytes of metrics, some 40,000 lines, from which a record takes long enough to read for a glance at it to be worth
while."""
_CHUNK = 1 << 18
"""Read at once; larger ones are slower, since their events do not stay in the processor's cache."""
LONGEST_LINE = 4 << 20
"""Bytes beyond which a line is given up; no event comes near it."""
_TAIL = 1 << 16
_GLIMPSES = 1000
_LINES_A_GLIMPSE = 3
_NEWEST = 1 << 18
"""Bytes of metrics at the end that a sparse reading does not thin out."""

OfKind = TypeVar("OfKind", bound=Recorded)


class RecordReader:
    """Reads what was recorded since the last read, in the order of ``seq``."""

    def __init__(self, run: RunDirectory, *, sparse: bool = False) -> None:
        """``sparse`` leaves out most of a long record's metrics: the journal, lines of metrics from evenly spaced
        places, the newest ones and whatever is recorded later are read, in a time that does not depend on its length.
        """
        self._metrics = _Lines(run.metrics, sparse=sparse)
        self._events = _Lines(run.events)

    @property
    def damaged(self) -> int:
        """Lines skipped so far because they were torn, not of this schema, or had a number that cannot be."""
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
                yield from self._metrics.take_before(inf if event is None else event.seq)
            else:
                yield self._events.take()


def is_long(run: RunDirectory) -> bool:
    """Whether a record is so long that it is better looked at sparsely before it is read."""
    try:
        return run.metrics.stat().st_size > LONG
    except OSError:
        return False


def read_journal(run: RunDirectory) -> Iterator[Event]:
    """What a run's journal holds, oldest first; no metrics."""
    journal = _Lines(run.events)
    while journal.head() is not None:
        yield journal.take()


def journaled(run: RunDirectory, kind: type[OfKind]) -> Iterator[OfKind]:
    """The events of one kind in a run's journal, oldest first; what does not name the kind is not decoded."""
    journal = _Lines(run.events, word=_word_of(kind))
    while journal.head() is not None:
        event = journal.take()
        if isinstance(event, kind):
            yield event


def newest_journaled(run: RunDirectory, kind: type[OfKind]) -> OfKind | None:
    """The newest event of one kind in a run's journal, of which no more is read than what lies behind it."""
    word = _word_of(kind)
    try:
        with run.events.open("rb") as file:
            for line in _lines_backwards(file, word):
                if word in line:
                    with suppress(DecodeError):
                        event = decode_event(line)
                        if isinstance(event, kind):
                            return event
    except FileNotFoundError:
        pass
    return None


def _word_of(kind: type[Recorded]) -> bytes:
    """What every line of a kind has in it; other lines may have it, too."""
    return f'"{kind.__struct_config__.tag}"'.encode()


def last_event(path: Path) -> Event | None:
    """The newest whole line of one file of the record, without reading more of it than what is damaged behind that."""
    try:
        with path.open("rb") as file:
            for line in _lines_backwards(file):
                with suppress(DecodeError):
                    return decode_event(line)
    except FileNotFoundError:
        pass
    return None


def newest_on_file(run: RunDirectory) -> list[Event]:
    """The newest whole line of each file that has one."""
    return [event for event in (last_event(run.metrics), last_event(run.events)) if event is not None]


def last_metrics(run: RunDirectory) -> Metrics | None:
    """The newest line of metrics."""
    newest = last_event(run.metrics)
    return newest if isinstance(newest, Metrics) else None


class _Lines:
    """The events of one growing file."""

    def __init__(self, path: Path, *, sparse: bool = False, word: bytes = b"") -> None:
        """``word`` leaves out lines in which it is not."""
        self._path = path
        self._word = word
        self._sparse = sparse
        self._offset = 0
        """Where the next line begins."""
        self._span = _CHUNK
        """Bytes to be read at once: more than usual while a line is longer than that."""
        self._ready: deque[Event] = deque()
        self._taken = 0
        """The number of the event that was taken last."""
        self.damaged = 0

    def head(self) -> Event | None:
        """The oldest event not yet taken; reads on in the file when none is at hand."""
        if self._sparse:
            self._sparse = False
            self._skim()
        while not self._ready:
            lines = self._next_lines()
            if lines is None:
                return None
            for line in lines:
                self._decode(line)
        return self._ready[0]

    def take(self) -> Event:
        event = self._ready.popleft()
        self._taken = event.seq
        return event

    def take_before(self, seq: float) -> Iterator[Event]:
        """Take those at hand that are older than an event."""
        while self._ready and self._ready[0].seq < seq:
            yield self.take()

    def _decode(self, line: bytes) -> None:
        try:
            event = decode_event(line)
        except DecodeError:
            self.damaged += 1
            return
        ready = self._ready
        if len(ready) > 1 and ready[-2].seq > event.seq and self._is_early(event.seq):
            del ready[-2]
            self.damaged += 1
        ready.append(event)

    def _is_early(self, seq: int) -> bool:
        """Whether the last event at hand but one has a damaged number, too high: the last goes on from the one before
        as does ``seq``.

        Readers would take all that follows for older than what they have seen. Only one line by itself is recognised,
        by two lines of its file behind it that are read before it is taken: at the end of a file that grows it may be
        handed out before they are written.
        """
        before = self._ready[-3].seq if len(self._ready) > 2 else self._taken
        return before < self._ready[-1].seq < seq

    def _skim(self) -> None:
        """Take lines from evenly spaced places, and go on reading near the end."""
        try:
            with self._path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size <= LONG:
                    return
                self._offset = _line_start(file, size - _NEWEST)
                for line in _glimpses(file, self._offset):
                    self._decode(line)
        except FileNotFoundError:
            return

    def _next_lines(self) -> list[bytes] | None:
        """Some finished lines; None where there is none yet.

        What follows the last newline is read again next time: an engine takes back a line that a full disk cut short.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                chunk = file.read(self._span)
        except FileNotFoundError:
            return None
        end = chunk.rfind(b"\n")
        if end < 0 and len(chunk) < self._span:
            return None
        if end < 0 and self._span < LONGEST_LINE:
            self._span *= 2
            return []
        end = len(chunk) - 1 if end < 0 else end  # no event is so long
        self._offset += end + 1
        self._span = _CHUNK
        if self._word not in chunk:
            return []
        return [line for line in chunk[:end].split(b"\n") if self._word in line]


def _glimpses(file: BinaryIO, end: int) -> Iterator[bytes]:
    """A few lines from each of many places of a file, in order, none of them reaching beyond ``end``."""
    reached = 0
    for place in range(_GLIMPSES):
        target = place * end // _GLIMPSES
        if target < reached:
            continue  # a line longer than the way between two places
        _line_start(file, target)
        for _ in range(_LINES_A_GLIMPSE):
            line = file.readline(LONGEST_LINE)
            reached = file.tell()
            if reached > end:
                return
            yield line


def _lines_backwards(file: BinaryIO, word: bytes = b"") -> Iterator[bytes]:
    """The finished lines of a file, the last one first; every one that holds a word, and perhaps others."""
    end, span = file.seek(0, os.SEEK_END), _TAIL
    rest: bytes | None = None
    """The end of a line of which the beginning has not been read yet; None behind the last newline."""
    while end > 0:
        start = max(0, end - span)
        file.seek(start)
        chunk = file.read(end - start)
        *lines, last = chunk.split(b"\n") if word in chunk else _outer_lines(chunk)
        if rest is not None:
            lines.append((last + rest)[-LONGEST_LINE:])
        rest = lines.pop(0) if lines and start > 0 else rest
        yield from reversed(lines)
        end, span = start, min(2 * span, LONGEST_LINE)


def _outer_lines(chunk: bytes) -> list[bytes]:
    """What precedes the first newline, and what follows the last one: parts of lines that reach beyond the chunk."""
    first, newline, rest = chunk.partition(b"\n")
    return [first, rest.rpartition(b"\n")[2]] if newline else [chunk]


def _line_start(file: BinaryIO, offset: int) -> int:
    """Move to the first line that begins at an offset or behind it."""
    file.seek(max(0, offset - 1))
    if offset > 0:
        file.readline(LONGEST_LINE)
    return file.tell()
