"""The numbers of a record: dense from 1 over both files, rising in each, whatever crashes tore."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from engine.protocol.verify.findings import Findings
from engine.protocol.verify.gaps import KEPT, Gaps, range_text
from engine.protocol.verify.lines import Line, LineReader

_LOOKED_AHEAD = 2
"""Lines that tell whether one before them is out of place, or they are."""


@dataclass
class UnreadableLines:
    """Lines one after another that hold no event."""

    first: int
    last: int
    reason: str
    """Of the first."""
    after: int
    """The number before them in their file; 0 at its beginning."""
    before: int | None = None
    """The number after them in their file."""
    restarts: int = 0
    """How often an engine took the run up after them: a kill tears one line, the last of all."""


@dataclass
class MisplacedLines:
    """Lines one after another whose numbers do not go on from those before them, or not to those after them."""

    first: int
    last: int
    numbers: tuple[int, int]
    """Of the first and of the last."""
    early: bool
    """Whether it is one line, and its number higher than those of the lines after it."""
    missing: bool
    """Whether no other line has their numbers; of an early one that is known at the end."""
    beside: Line
    """The last line in order before them, for early ones the next after it."""


class RecordFile:
    """One file of the record: its lines in turn, but those that cannot take part in the order of the whole."""

    def __init__(self, name: str, reader: LineReader, gaps: Gaps, findings: Findings) -> None:
        self.name = name
        self.reader = reader
        self.at_end = False
        """Whether nothing was there to be read since the other file was last read."""
        self.events = 0
        self.unreadable: list[UnreadableLines] = []
        self.misplaced: list[MisplacedLines] = []
        self.more = 0
        """Bad lines beyond those remembered."""
        self._gaps = gaps
        self._findings = findings
        self._last = 0
        self._last_line: Line | None = None
        """The newest in order."""
        self._ahead: deque[Line] = deque()
        self._head: Line | None = None

    def head(self) -> Line | None:
        """The next line in order, of what has been read."""
        while self._head is None:
            line = self._ahead.popleft() if self._ahead else self.reader.take()
            if line is None:
                return None
            self._head = line if self._is_in_order(line) else None
        return self._head

    def take(self) -> Line:
        """Take the head."""
        line, self._head = self._head, None
        assert line is not None, "there is a head"
        return line

    def _is_in_order(self, line: Line) -> bool:
        if line.event is not None:
            self.events += 1
        if line.seq is None:
            self._note_unreadable(line)
            return False
        early = self._is_early(line.seq)
        if early or line.seq <= self._last:
            self._note_misplaced(line, line.seq, early=early)
            return False
        if line.damage:
            fact = f"line {line.number:,}, number {line.seq:,}, cannot be understood: {line.damage}"
            self._findings.problem(
                "lines", self.name, fact, "It is damaged, or a newer gan-tui wrote it: update this one."
            )
        if not line.finished:
            fact = f"lacks the newline after its last line, {line.number:,}"
            self._findings.remark("lines", self.name, fact, "Nothing to do: the next engine adds it.")
        if self.unreadable and self.unreadable[-1].before is None:
            self.unreadable[-1].before = line.seq
        self._last, self._last_line = line.seq, line
        return True

    def _is_early(self, seq: int) -> bool:
        """Whether the lines after it go on from the line before it as if it were not there."""
        if seq <= self._last + 1:
            return False  # there is no number between the two
        while len(self._ahead) < _LOOKED_AHEAD and (line := self.reader.take()) is not None:
            self._ahead.append(line)
        following = [line.seq for line in self._ahead if line.seq is not None and self._last < line.seq < seq]
        return len(following) == _LOOKED_AHEAD

    def _note_unreadable(self, line: Line) -> None:
        if not line.finished:
            fact = f"ends within line {line.number:,}, as a kill or a power cut in mid-write leaves it"
            self._findings.remark(
                "lines", self.name, fact, "Nothing to do: readers skip it, the next engine closes it."
            )
        elif self.unreadable and self.unreadable[-1].last == line.number - 1:
            self.unreadable[-1].last = line.number
        elif len(self.unreadable) < KEPT:
            self.unreadable.append(UnreadableLines(line.number, line.number, line.damage, self._last))
        else:
            self.more += 1

    def _note_misplaced(self, line: Line, seq: int, *, early: bool) -> None:
        missing = not early and self._gaps.fill(seq)
        beside = self._ahead[0] if early else self._last_line
        assert beside is not None, "numbers begin at 1: one that does not rise has another before it"
        newest = self.misplaced[-1] if self.misplaced else None
        if (
            newest
            and newest.last == line.number - 1
            and not early
            and (newest.early, newest.missing) == (False, missing)
        ):
            newest.last, newest.numbers = line.number, (newest.numbers[0], seq)
        elif len(self.misplaced) < KEPT:
            self.misplaced.append(MisplacedLines(line.number, line.number, (seq, seq), early, missing, beside))
        else:
            self.more += 1


class Numbers:
    """Both files as one sequence in the order of their numbers."""

    def __init__(self, metrics: RecordFile, events: RecordFile, gaps: Gaps, findings: Findings) -> None:
        self._files = (metrics, events)
        self._gaps = gaps
        self._findings = findings
        self.last = 0
        """The newest number."""

    def lines(self) -> Iterator[tuple[RecordFile, Line]]:
        """Every numbered line, and the file that it is in.

        The engine writes events one after another, so whatever precedes one is on disk before it: the lower of two
        heads is next, or the only head once the other file has been read again after it and shows nothing.
        """
        metrics, events = self._files
        while True:
            first, second = metrics.head(), events.head()
            if first is None and self._read_on(metrics, events):
                continue
            if second is None and self._read_on(events, metrics):
                continue
            if first is None and second is None:
                return
            of_metrics = second is None or (first is not None and _seq(first) <= _seq(second))
            file = metrics if of_metrics else events
            line = file.take()
            self._check(file, line, _seq(line))
            yield file, line

    @staticmethod
    def _read_on(file: RecordFile, other: RecordFile) -> bool:
        """Read on in a file unless that is known to be in vain; whether there was more."""
        if file.at_end:
            return False
        file.at_end = not file.reader.read_on()
        if not file.at_end:
            other.at_end = False
        return not file.at_end

    def _check(self, file: RecordFile, line: Line, seq: int) -> None:
        if seq == self.last:
            fact = f"line {line.number:,} has the number {seq:,}, which a line of the other file has too"
            self._findings.problem("numbers", file.name, fact)
        if seq > self.last + 1:
            self._gaps.add(self.last + 1, seq - 1, f"line {line.number:,} of {file.name} has {seq:,}")
        self.last = seq

    # ------------------------------------------------------------------------- what later events say of earlier ones

    def engine_started(self, seq: int) -> None:
        """An engine took the run up; a line that the engine before it tore was the last of its time."""
        for file in self._files:
            for lines in file.unreadable:
                if seq > 1 and lines.after < seq and (lines.before is None or seq <= lines.before):
                    lines.restarts += 1

    # ---------------------------------------------------------------------------------------------------- at the end

    def report(self) -> None:
        """Tell what is wrong with the lines, and with the order of their numbers."""
        for file in self._files:
            for misplaced in file.misplaced:
                self._report_misplaced(file, misplaced)
            for lines in file.unreadable:
                self._report_unreadable(file, lines)
            if file.more:
                fact = f"has {file.more:,} more lines that cannot be read or whose numbers do not rise"
                self._findings.problem("lines", file.name, fact)

    def _report_unreadable(self, file: RecordFile, lines: UnreadableLines) -> None:
        which = range_text("line", lines.first, lines.last)
        fact = f"{which} cannot be read: {lines.reason}"
        if self._is_torn(lines):
            fix = "Nothing to do: a crash or a full disk tore it; no number is missing, so nothing recorded is lost."
            self._findings.remark("lines", file.name, fact, fix)
        else:
            self._findings.problem("lines", file.name, fact, "What it said is lost; the other lines stand.")

    def _is_torn(self, lines: UnreadableLines) -> bool:
        """Whether no event is missing where the lines are: what was torn was recorded anew under the same number.

        Behind the last whole line of a file no number can be missed; there, an engine's start has to account for each.
        """
        if lines.before is None and lines.last - lines.first >= lines.restarts:
            return False
        end = lines.before if lines.before is not None else self.last + 1
        return not self._gaps.any_between(lines.after, end) and not self._gaps.more

    def _report_misplaced(self, file: RecordFile, lines: MisplacedLines) -> None:
        fact = f"has {range_text('line', lines.first, lines.last)} ({range_text('number', *lines.numbers)})"
        side = "before" if lines.early else "after"
        beside = f"{side} line {lines.beside.number:,}, whose number is {_seq(lines.beside):,}"
        if lines.missing or (lines.early and self._gaps.fill(lines.numbers[0])):
            fix = "Put the lines in the order of their numbers: nothing is lost, but viewers may leave some out."
            self._findings.problem("numbers", file.name, f"{fact} {beside}", fix)
        elif lines.early and lines.numbers[0] > self.last:
            fix = "Its number was changed; readers leave it out."
            self._findings.problem("numbers", file.name, f"{fact} {beside}", fix)
        else:
            fix = "Two engines, or an editor, wrote to it; readers may err."
            self._findings.problem("numbers", file.name, f"{fact} again, which other lines have", fix)


def _seq(line: Line) -> int:
    assert line.seq is not None, "only numbered lines take part"
    return line.seq
