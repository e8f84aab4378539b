"""Putting the lines of two files that arrive in chunks into the order in which the engine wrote them."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from engine.protocol.codec import DecodeError, decode_json
from engine.protocol.record import LONGEST_LINE

File: TypeAlias = Literal["metrics", "events"]


class _Numbered(msgspec.Struct, frozen=True):
    seq: int


_numbers = msgspec.json.Decoder(_Numbered)


@dataclass
class _Strand:
    """One file's lines that have come and are not handed on yet."""

    lines: deque[tuple[int, bytes]] = field(default_factory=deque)
    """Each with its number; a damaged one has that of the line before it."""
    rest: bytes = b""
    """The beginning of a line that has not come to its end."""
    number: int = 0

    def add(self, content: bytes) -> None:
        *lines, self.rest = (self.rest + content).split(b"\n")
        for line in lines:
            with suppress(DecodeError):  # readers skip a damaged one, and count it
                self.number = decode_json(_numbers, line).seq
            self.lines.append((self.number, line + b"\n"))
        if len(self.rest) > LONGEST_LINE:  # no event is so long: readers give it up, too
            self.lines.append((self.number, self.rest))
            self.rest = b""


class Weaver:
    """Takes the chunks of a run's two files and gives their lines back in order.

    A line goes on once nothing of the other file can precede it: a later one of that has come, or all of it up to a
    cut of the record.
    """

    def __init__(self) -> None:
        self._strands: dict[File, _Strand] = {"metrics": _Strand(), "events": _Strand()}

    def add(self, file: File, content: bytes) -> None:
        """Take the next chunk of a file."""
        self._strands[file].add(content)

    def take(self, complete: frozenset[File]) -> list[tuple[File, bytes]]:
        """The lines whose turn has come.

        Args:
            complete: the files of which all has come up to the newest cut.
        """
        taken: list[tuple[File, bytes]] = []
        metrics, events = self._strands["metrics"].lines, self._strands["events"].lines
        while (metrics or "metrics" in complete) and (events or "events" in complete) and (metrics or events):
            if metrics and (not events or metrics[0][0] < events[0][0]):
                taken.append(("metrics", metrics.popleft()[1]))
            else:
                taken.append(("events", events.popleft()[1]))
        return taken
