"""What verifying a run finds, bounded in number however much is wrong with it."""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias, get_args

import msgspec

Severity: TypeAlias = Literal["problem", "remark"]
"""A problem: something recorded is lost, damaged or contradictory. A remark: harmless, and explained."""

Topic: TypeAlias = Literal["run", "lines", "numbers", "steps", "checkpoints", "samples", "lineage", "files"]
"""What a finding is about, in the order in which findings are told."""

LISTED = 20
"""Findings of one topic and severity that are told one by one; the rest is counted."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was written, or that nothing explains by itself."""

    severity: Severity
    topic: Topic
    subject: str
    """A path relative to the run directory."""
    fact: str
    """What is the case, as a clause."""
    fix: str = ""
    """What to do about it, as a sentence; empty when nothing can be done."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at and what was found."""

    run: str
    """The run's name."""
    alive: bool
    """Whether an engine was at work on it: what it had not finished writing is left out."""
    lines: int
    """Lines of metrics.jsonl and events.jsonl, damaged ones included."""
    events: int
    """Those of them that can be read."""
    last_seq: int
    """The newest event's number."""
    checkpoints: int
    """Folders of checkpoints, those set aside included."""
    samples: int
    """Contact sheets that the journal names."""
    bytes_hashed: int
    """Bytes of checkpoints that were read; files that several checkpoints share are read once."""
    problems: int
    remarks: int
    """Counts of all that was found, also of what is not listed."""
    findings: tuple[Finding, ...]
    """Problems first."""


class Findings:
    """Gathers findings; keeps the first few of each topic and severity, and counts the rest."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._counts: Counter[tuple[Severity, Topic]] = Counter()

    def problem(self, topic: Topic, subject: str, fact: str, fix: str = "") -> None:
        """Something recorded is lost, damaged or contradictory."""
        self._add(Finding(severity="problem", topic=topic, subject=subject, fact=fact, fix=fix))

    def remark(self, topic: Topic, subject: str, fact: str, fix: str = "") -> None:
        """Something is harmless, and explained."""
        self._add(Finding(severity="remark", topic=topic, subject=subject, fact=fact, fix=fix))

    def _add(self, finding: Finding) -> None:
        self._counts[finding.severity, finding.topic] += 1
        if self._counts[finding.severity, finding.topic] <= LISTED:
            self._kept.append(finding)

    def count(self, severity: Severity) -> int:
        """How many were found, listed or not."""
        return sum(count for (found, _), count in self._counts.items() if found == severity)

    def listed(self) -> tuple[Finding, ...]:
        """Problems before remarks, each by topic in the order found, with a last line for those beyond the limit."""
        return tuple(
            finding
            for severity in get_args(Severity)
            for topic in get_args(Topic)
            for finding in (*self._of(severity, topic), *self._beyond(severity, topic))
        )

    def _of(self, severity: Severity, topic: Topic) -> list[Finding]:
        return [finding for finding in self._kept if (finding.severity, finding.topic) == (severity, topic)]

    def _beyond(self, severity: Severity, topic: Topic) -> list[Finding]:
        surplus = self._counts[severity, topic] - LISTED
        fact = f"{surplus:,} more like these"
        return [Finding(severity=severity, topic=topic, subject=topic, fact=fact)] if surplus > 0 else []
