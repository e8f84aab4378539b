"""The numbers of a record: dense from 1 over both files, rising in each, whatever crashes tore."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.protocol.verify.findings import Findings
from engine.protocol.verify.lines import Line, LineReader

KEPT = 1000
"""Gaps, and runs of bad lines in one file, that are remembered one by one until the whole record has been seen."""

BOTH = "metrics.jsonl and events.jsonl"


@dataclass
class Gap:
    """Numbers that no line has."""

    first: int
    last: int
    before: str
    """The line that shows it, in words."""
    void: bool = False
    """Whether they belonged to a course that was not continued."""


@dataclass
class Unreadable:
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
class Repeated:
    """Lines one after another whose numbers do not rise above one before them."""

    first: int
    last: int
    numbers: tuple[int, int]
    after: int


class RecordFile:
    """One file of the record: its lines in turn, but those that cannot take part in the order of the whole."""

    def __init__(self, name: str, reader: LineReader, findings: Findings) -> None:
        self.name = name
        self.reader = reader
        self.at_end = False
        """Whether nothing was there to be read since the other file was last read."""
        self.events = 0
        self.unreadable: list[Unreadable] = []
        self.repeated: list[Repeated] = []
        self.more = 0
        """Bad lines beyond those remembered."""
        self._findings = findings
        self._last = 0
        self._head: Line | None = None

    def head(self) -> Line | None:
        """The next line in order, of what has been read."""
        while self._head is None:
            line = self.reader.take()
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
        if line.seq <= self._last:
            self._note_repeated(line, line.seq)
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
        self._last = line.seq
        return True

    def _note_unreadable(self, line: Line) -> None:
        if not line.finished:
            fact = f"ends within line {line.number:,}, as a kill or a power cut in mid-write leaves it"
            self._findings.remark(
                "lines", self.name, fact, "Nothing to do: readers skip it, the next engine closes it."
            )
        elif self.unreadable and self.unreadable[-1].last == line.number - 1:
            self.unreadable[-1].last = line.number
        elif len(self.unreadable) < KEPT:
            self.unreadable.append(Unreadable(line.number, line.number, line.damage, self._last))
        else:
            self.more += 1

    def _note_repeated(self, line: Line, seq: int) -> None:
        if self.repeated and self.repeated[-1].last == line.number - 1:
            self.repeated[-1].last = line.number
            self.repeated[-1].numbers = (self.repeated[-1].numbers[0], seq)
        elif len(self.repeated) < KEPT:
            self.repeated.append(Repeated(line.number, line.number, (seq, seq), self._last))
        else:
            self.more += 1


class Numbers:
    """Both files as one sequence in the order of their numbers."""

    def __init__(self, metrics: RecordFile, events: RecordFile, findings: Findings) -> None:
        self._files = (metrics, events)
        self._findings = findings
        self._gaps: list[Gap] = []
        self._more_gaps = 0
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
            if len(self._gaps) < KEPT:
                self._gaps.append(Gap(self.last + 1, seq - 1, f"line {line.number:,} of {file.name} has {seq:,}"))
            else:
                self._more_gaps += 1
        self.last = seq

    # ------------------------------------------------------------------------- what later events say of earlier ones

    def engine_started(self, seq: int) -> None:
        """An engine took the run up; a line that the engine before it tore was the last of its time."""
        for file in self._files:
            for lines in file.unreadable:
                if seq > 1 and lines.after < seq and (lines.before is None or seq <= lines.before):
                    lines.restarts += 1

    def course_abandoned(self, from_seq: int, to_seq: int) -> None:
        """What was recorded between two numbers belongs to a course that was not continued."""
        for gap in self._gaps:
            if from_seq < gap.first and gap.last < to_seq:
                gap.void = True

    # ---------------------------------------------------------------------------------------------------- at the end

    def report(self) -> None:
        """Tell what is wrong with the numbers, and with lines that have none."""
        for file in self._files:
            for lines in file.unreadable:
                self._report_unreadable(file, lines)
            for repeated in file.repeated:
                self._report_repeated(file, repeated)
            if file.more:
                fact = f"has {file.more:,} more lines that cannot be read or whose numbers do not rise"
                self._findings.problem("lines", file.name, fact)
        for gap in self._gaps:
            self._report_gap(gap)
        if self._more_gaps:
            self._findings.problem("numbers", BOTH, f"lack numbers at {self._more_gaps:,} more places")

    def _report_unreadable(self, file: RecordFile, lines: Unreadable) -> None:
        which = _range("line", lines.first, lines.last)
        fact = f"{which} cannot be read: {lines.reason}"
        if self._is_torn(lines):
            fix = "Nothing to do: a crash or a full disk tore it; no number is missing, so nothing recorded is lost."
            self._findings.remark("lines", file.name, fact, fix)
        else:
            self._findings.problem("lines", file.name, fact, "What it said is lost; the other lines stand.")

    def _is_torn(self, lines: Unreadable) -> bool:
        """Whether no event is missing where the lines are: what was torn was recorded anew under the same number.

        Behind the last whole line of a file no number can be missed; there, an engine's start has to account for each.
        """
        if lines.before is None and lines.last - lines.first >= lines.restarts:
            return False
        end = lines.before if lines.before is not None else self.last + 1
        lacking = any(gap.first < end and gap.last > lines.after for gap in self._gaps if not gap.void)
        return not lacking and not self._more_gaps

    def _report_repeated(self, file: RecordFile, lines: Repeated) -> None:
        numbers = _range("number", *lines.numbers)
        which = _range("line", lines.first, lines.last)
        verb = "repeats or goes back behind" if lines.first == lines.last else "repeat or go back behind"
        fact = f"{which} ({numbers}) {verb} number {lines.after:,}, which comes before"
        self._findings.problem("numbers", file.name, fact, "Two engines, or an editor, wrote to it; readers may err.")

    def _report_gap(self, gap: Gap) -> None:
        fact = f"lack the {_range('number', gap.first, gap.last)} ({gap.before})"
        if gap.void:
            why = "Nothing to do: they belonged to a course that was not continued, as after a power cut."
            self._findings.remark("numbers", BOTH, fact, why)
        else:
            self._findings.problem("numbers", BOTH, fact, "What they said is lost; checkpoints are not concerned.")


def _seq(line: Line) -> int:
    assert line.seq is not None, "only numbered lines take part"
    return line.seq


def _range(noun: str, first: int, last: int) -> str:
    return f"{noun} {first:,}" if first == last else f"{noun}s {first:,} to {last:,}"
