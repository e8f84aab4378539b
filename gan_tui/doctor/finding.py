"""What was found: a fact with a mark, and for what is not right what to do about it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Mark: TypeAlias = Literal["ok", "note", "problem"]
"""ok: as it should be. note: worth knowing, and harmless in itself. problem: something will not work, or be lost."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the examination."""

    mark: Mark
    subject: str
    fact: str
    fix: str = ""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one part of the machine."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> int:
        """How many of them are problems."""
        return sum(finding.mark == "problem" for finding in self.findings)


def ok(subject: str, fact: str) -> Finding:
    """As it should be."""
    return Finding(mark="ok", subject=subject, fact=fact)


def note(subject: str, fact: str, fix: str = "") -> Finding:
    """Worth knowing."""
    return Finding(mark="note", subject=subject, fact=fact, fix=fix)


def problem(subject: str, fact: str, fix: str) -> Finding:
    """Not right, and what to do."""
    return Finding(mark="problem", subject=subject, fact=fact, fix=fix)
