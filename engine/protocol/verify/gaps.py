"""Numbers that no line of the record has: where they are missing, and whether that matters."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from engine.protocol.verify.findings import Findings

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


class Gaps:
    """All gaps of a record, in the order of their numbers."""

    def __init__(self) -> None:
        self._kept: list[Gap] = []
        self.more = 0
        """Gaps beyond those remembered."""

    def add(self, first: int, last: int, before: str) -> None:
        """Note numbers that are missing, behind all others noted so far."""
        if len(self._kept) < KEPT:
            self._kept.append(Gap(first, last, before))
        else:
            self.more += 1

    def fill(self, number: int) -> bool:
        """Take a number out that has been found elsewhere; False where it is not missing."""
        place = bisect_right(self._kept, number, key=lambda gap: gap.first) - 1
        if place < 0 or number > self._kept[place].last:
            return False
        gap = self._kept[place]
        parts = (replace(gap, last=number - 1), replace(gap, first=number + 1))
        self._kept[place : place + 1] = [part for part in parts if part.first <= part.last]
        return True

    def make_void(self, from_seq: int, to_seq: int) -> None:
        """What was recorded between two numbers belongs to a course that was not continued."""
        for gap in self._kept:
            if from_seq < gap.first and gap.last < to_seq:
                gap.void = True

    def any_between(self, first: int, end: int) -> bool:
        """Whether something is missing that is not void, of the numbers behind ``first`` and before ``end``."""
        return any(gap.first < end and gap.last > first for gap in self._kept if not gap.void)

    @property
    def size(self) -> int:
        """Numbers that are missing, of the gaps that are remembered."""
        return sum(gap.last - gap.first + 1 for gap in self._kept)

    def report(self, findings: Findings) -> None:
        """Tell of every gap."""
        for gap in self._kept:
            fact = f"lack the {range_text('number', gap.first, gap.last)} ({gap.before})"
            if gap.void:
                why = "Nothing to do: they belonged to a course that was not continued, as after a power cut."
                findings.remark("numbers", BOTH, fact, why)
            else:
                findings.problem("numbers", BOTH, fact, "What they said is lost; checkpoints are not concerned.")
        if self.more:
            findings.problem("numbers", BOTH, f"lack numbers at {self.more:,} more places")


def range_text(noun: str, first: int, last: int) -> str:
    """One number or several, with their noun."""
    return f"{noun} {first:,}" if first == last else f"{noun}s {first:,} to {last:,}"
