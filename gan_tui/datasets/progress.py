"""How a fetch tells how far it is, to whatever shows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of a fetch. Its pieces of work come one after another."""

    def begin(self, what: str, total: int | None, done: int = 0) -> None:
        """A piece of work begins, of so many bytes, of which some are done already; None where it is not known."""

    def advance(self, amount: int) -> None:
        """So many bytes more of it are done."""

    def say(self, text: str) -> None:
        """Something to be told in a line."""
