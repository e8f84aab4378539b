"""The seam between a dashboard and the terminal that it is drawn on, beyond the cells that Textual writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Outlet(Protocol):
    """The way to the terminal. Every method returns at once and may be called from any thread."""

    def after_frame(self, key: str, *pieces: bytes) -> None:
        """Send bytes once all cells that are to be shown now are on the terminal.

        Args:
            key: what they are for. They replace those of the same key that have not gone yet.
            pieces: each is sent whole; cells may go out between two. They must leave the cells' look as it is, and one
                that draws must itself go to its place. None at all: nothing waits for this key any more.
        """
        ...

    def soil(self, x: int, y: int, width: int, height: int) -> None:
        """Have these cells written again: something else has been drawn over them, and is to go."""
        ...

    def once_sent(self, call: Callable[[], object]) -> None:
        """Call back, from another thread, once all that is to be shown now has been sent."""
        ...

    def slow(self) -> bool:
        """Whether the terminal takes what it is sent with delay, or has done so within the last seconds."""
        ...

    def stretch(self) -> float:
        """By what to multiply the time between two drawings; at least 1."""
        ...


class NoOutlet:
    """Implements Outlet where there is no terminal: nothing is sent, and it is never slow."""

    def after_frame(self, key: str, *pieces: bytes) -> None:
        """Nobody sees them."""

    def soil(self, x: int, y: int, width: int, height: int) -> None:
        """Nothing has been drawn."""

    def once_sent(self, call: Callable[[], object]) -> None:
        """There is nothing to wait for."""
        call()

    def slow(self) -> bool:
        """It takes everything."""
        return False

    def stretch(self) -> float:
        """It keeps every pace."""
        return 1.0
