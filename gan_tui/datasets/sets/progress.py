"""How a fetch tells how far it is, to whatever shows it; and who does the part of it that needs PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from engine.protocol.digits import PublishedDigits


class Progress(Protocol):
    """Hears of a fetch. Its pieces of work come one after another."""

    def begin(self, what: str, total: int | None, done: int = 0, *, unit: Literal["bytes", "images"] = "bytes") -> None:
        """A piece of work begins, of which so much is done already; a total of None is not known."""

    def advance(self, amount: int) -> None:
        """So much more of it is done."""

    def say(self, text: str) -> None:
        """Something to be told in a line."""


Convert: TypeAlias = Callable[[PublishedDigits, Path, Path, Progress], None]
"""Writes a published set of digits, of one folder, in the form in which training reads it, into another that is new.

It raises WorkError where the files are not right. It is a process of its own that does it, of which nothing is known
here.
"""
