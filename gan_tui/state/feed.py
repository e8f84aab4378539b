"""The seam between a dashboard and whatever follows a run for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.protocol.commands import Command
from gan_tui.state.history import History
from gan_tui.state.run_view import RunView


class Feed(Protocol):
    """A run's record and live stream, followed in a thread of its own.

    The thread builds the view with ``gan_tui.state.absorb.absorb`` and the ``with_…`` functions of ``run_view``.
    """

    @property
    def history(self) -> History:
        """The run's metrics; one object for the life of the feed, written by its thread alone."""
        ...

    def start(self, notify: Callable[[], None]) -> None:
        """Begin to follow. ``notify`` is called from the feed's thread after snapshot() has changed; it is cheap."""
        ...

    def snapshot(self) -> RunView:
        """The newest view."""
        ...

    def send(self, command: Command) -> None:
        """Ask the engine for something and return at once; the exchange shows up in RunView.exchanges."""
        ...

    def close(self) -> None:
        """Stop following; notify is not called afterwards."""
        ...
