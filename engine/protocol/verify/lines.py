"""The lines of one file of the record, each with its number and what it says or why it cannot be read."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from engine.protocol.codec import DecodeError, decode_event, decode_json
from engine.protocol.events import Event, Seq
from engine.protocol.record import LONGEST_LINE

CHUNK = 1 << 20


class Line(msgspec.Struct, frozen=True):
    """A line of the record."""

    number: int
    """From 1."""
    seq: int | None
    """The number of its event, also where that is of a kind unknown here; None where there is none to be read."""
    event: Event | None
    damage: str
    """Why there is no event."""
    finished: bool
    """Whether a newline ends it."""


class _Numbered(msgspec.Struct):
    seq: Seq


_numbered = msgspec.json.Decoder(_Numbered)


class LineReader:
    """Reads a file that may be growing, from its beginning to its end; never holds more of it than one long line.

    Args:
        path: the file; it is empty where there is none.
        growing: whether what follows the last newline is a line still being written, which is not handed out.
    """

    def __init__(self, path: Path, *, growing: bool) -> None:
        self._growing = growing
        self._rest = b""
        self._overlong = False
        self._ready: deque[bytes | None] = deque()
        self._unfinished = False
        """Whether the last line in ``_ready`` lacks its newline."""
        self.count = 0
        """Lines handed out."""
        self.bytes_read = 0
        self.failure = ""
        """Why the file could not be read, or not to its end."""
        self.missing = False
        self._file: int | None = None
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            self.missing = True
        except OSError as error:
            self.failure = error.strerror or str(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)

    def read_on(self) -> bool:
        """Read the next piece of the file; False when its end has been reached for now."""
        chunk = self._next_chunk()
        if chunk:
            *lines, rest = (self._rest + chunk).split(b"\n")
            self._ready.extend([None, *lines[1:]] if lines and self._overlong else lines)
            self._overlong = (self._overlong and not lines) or len(rest) > LONGEST_LINE
            self._rest = b"" if self._overlong else rest
            return True
        if self._growing or not (self._rest or self._overlong):
            return False
        self._ready.append(None if self._overlong else self._rest)
        self._rest, self._overlong, self._unfinished = b"", False, True
        return True

    def take(self) -> Line | None:
        """The next line of what has been read; None when it is used up."""
        if not self._ready:
            return None
        self.count += 1
        text = self._ready.popleft()
        return _line(self.count, text, finished=bool(self._ready) or not self._unfinished)

    def _next_chunk(self) -> bytes:
        if self._file is None:
            return b""
        try:
            chunk = os.read(self._file, CHUNK)
        except OSError as error:
            self.failure = error.strerror or str(error)
            return b""
        self.bytes_read += len(chunk)
        return chunk


def _line(number: int, text: bytes | None, *, finished: bool) -> Line:
    """A line as its bytes have it; None stands for one that was too long to be held."""
    if text is None:
        return Line(number, None, None, f"it is longer than {LONGEST_LINE >> 20} MiB", finished)
    try:
        event = decode_event(text)
    except DecodeError as error:
        return Line(number, _seq_of(text), None, _reason(text, error), finished)
    return Line(number, event.seq, event, "", finished)


def _seq_of(text: bytes) -> int | None:
    try:
        return decode_json(_numbered, text).seq
    except DecodeError:
        return None


def _reason(text: bytes, error: DecodeError) -> str:
    if not text:
        return "it is empty"
    return "it holds NUL bytes, as a power cut leaves them" if b"\0" in text else str(error)
