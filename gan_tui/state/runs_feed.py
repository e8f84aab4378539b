"""Where the runs browser gets its list from: a thread behind this seam, or a fake in tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gan_tui.state.run_list import RunRow


@dataclass(frozen=True, kw_only=True)
class RunsView:
    """What is known of a folder of runs."""

    folder: str
    rows: tuple[RunRow, ...] = ()
    is_listed: bool = False
    """Whether every run is among the rows; how far each has come may still be unread."""
    problem: str = ""
    """Why the folder cannot be read, and the rows are as they were; empty where it can, and where it is not there."""


class RunsFeed(Protocol):
    """Keeps the newest view of a folder of runs."""

    def start(self, notify: Callable[[], None]) -> None:
        """Begin to look; ``notify`` is called from another thread whenever there is a newer view."""

    def snapshot(self) -> RunsView:
        """The newest view."""

    def look(self) -> None:
        """Look at once, since something was changed from here; the view comes when it is there."""

    def close(self) -> None:
        """Stop looking."""
