"""Writing a run's record: an event gets the next number, is on file before it is streamed, and is never rewritten.

Where the disk takes nothing more, lines wait in memory, in order, and are streamed meanwhile; training goes on.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypedDict

import msgspec

from engine.errors import WorkError
from engine.protocol.codec import encode
from engine.protocol.events import Event, Metrics, State
from engine.protocol.record import newest_on_file
from engine.protocol.rundir import Identity, RunDirectory, read_identity, write_identity

log = logging.getLogger(__name__)

BACKLOG_LIMIT = 100_000
"""Lines that may wait for room, some 50 MB: days of a run with the usual cadence."""


class Witness(Protocol):
    """Takes events that were recorded, for other readers than viewers."""

    @property
    def trouble(self) -> str:
        """Why it takes no more, as a clause; empty while it does."""

    def take(self, event: Event) -> None:
        """At once, and whatever becomes of it."""


class Stamp(TypedDict):
    """The fields that every recorded event begins with."""

    seq: int
    step: int
    time: float


class Record:
    """The engine's pen. The loop's thread writes; where it is stuck, another may have the last word.

    Args:
        run: where to.
        publish: called with each line after it is written.
    """

    def __init__(self, run: RunDirectory, publish: Callable[[bytes], None] = lambda line: None) -> None:
        self.run = run
        self.publish = publish
        self.witness: Witness | None = None
        self._metrics = _open_for_append(run.metrics)
        self._events = _open_for_append(run.events)
        self._pen = threading.RLock()
        self.last_seq = max((event.seq for event in newest_on_file(run)), default=0)
        self._backlog: deque[tuple[int, bytes]] = deque()
        """Files and the lines that are to be appended to them, in the order of their numbers."""
        self.trouble: OSError | None = None
        """Why the last line could not be written; None while all that was recorded is on file."""
        self.late = 0
        """Lines that have had to wait since the disk took none the last time."""

    def stamp(self, step: int) -> Stamp:
        """The next number, the step and the time; written events must use stamps in order."""
        return Stamp(seq=self.last_seq + 1, step=step, time=round(time.time(), 3))

    def write(self, event: Event) -> None:
        """Append one line, then publish it; where the disk does not take it, it waits for the next call or flush.

        Raises:
            WorkError: too many lines wait already.
        """
        line = encode(event)
        file = self._metrics if isinstance(event, Metrics) else self._events
        with self._pen:
            assert event.seq == self.last_seq + 1, "events are written in the order of their stamps"
            self._backlog.append((file, line + b"\n"))
            self.last_seq = event.seq
            taken_before = self.trouble is None
            self.flush()
            if self.trouble is not None:
                self.late = 1 if taken_before else self.late + 1
            self.publish(line)
            if self.witness is not None:
                self.witness.take(event)
        if len(self._backlog) > BACKLOG_LIMIT:
            fact = f"has not taken a line for {len(self._backlog):,} of them ({self.trouble})"
            raise WorkError(str(self.run.root), fact, f"Make room on the disk, then: gan-tui resume {self.run.name}")

    @property
    def waiting(self) -> int:
        """Lines that are not on file yet."""
        return len(self._backlog)

    def flush(self) -> None:
        """Write the lines that wait, as far as the disk takes them."""
        with self._pen:
            while self._backlog:
                file, line = self._backlog[0]
                try:
                    if self.trouble is not None:
                        end_line(file)
                    append_line(file, line)
                except OSError as error:
                    self.trouble = error
                    return
                self._backlog.popleft()
            self.trouble = None

    def sync(self) -> None:
        """Make everything recorded so far survive a power cut; may be called from another thread.

        Raises:
            OSError: lines wait that are not even on file.
        """
        trouble = self.trouble
        if trouble is not None:
            raise OSError(trouble.errno, trouble.strerror)
        os.fsync(self._metrics)
        os.fsync(self._events)

    def close(self) -> None:
        """Write what waits, sync, and let go of the files; what still cannot be written is said in the log."""
        self.flush()
        try:
            self.sync()
        except OSError as error:
            log.error("%d lines of the record could not be written (%s)", len(self._backlog), error)
        os.close(self._metrics)
        os.close(self._events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def append_line(file: int, line: bytes) -> None:
    """Append a line, or nothing: on a disk that fills up, one call may write only a part and succeed.

    Raises:
        OSError: it could not be written; what was written of it has been taken back, unless that failed too.
    """
    size = os.fstat(file).st_size
    rest = line
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
    except OSError:
        if rest != line:
            os.ftruncate(file, size)
        raise


def end_line(file: int) -> None:
    """Make sure that the next line begins on a line of its own, also after one that a crash tore."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        os.write(file, b"\n")


def _open_for_append(path: Path) -> int:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        end_line(file)
    except OSError as error:
        fact = f"cannot be written ({error.strerror})"
        raise WorkError(str(path), fact, "Make it writable, or make room, then: gan-tui resume") from error
    return file


class Standing:
    """run.json as the engine keeps it: the run's identity and how it stands."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self.identity: Identity = read_identity(run)
        self._written = True
        self._complained = False

    def update(self, **changes: object) -> None:
        """Replace fields of the identity and write it; where the disk does not take it, ``flush`` will."""
        self.identity = msgspec.structs.replace(self.identity, **changes)
        self._written = False
        self.flush()

    def flush(self) -> None:
        """Write the identity if it has not been written yet, and if the disk takes it now."""
        if self._written:
            return
        try:
            write_identity(self._run, self.identity)
            self._written, self._complained = True, False
        except OSError as error:
            if not self._complained:
                log.error("run.json cannot be written (%s)", error)
            self._complained = True

    def enter(self, state: State, **changes: object) -> None:
        """Enter a state, now."""
        if state != self.identity.state or changes:
            self.update(state=state, state_since=time.time(), **changes)
