"""The run whose curves are drawn behind another's: followed while it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from engine.protocol.rundir import RunDirectory
from gan_tui.state.feed import Feed
from gan_tui.state.history import History


class Behind:
    """One run or none.

    Args:
        follow: makes a run's feed.
        notify: called from the feed's thread when there are new curves; it is cheap.
    """

    def __init__(self, follow: Callable[[RunDirectory], Feed], notify: Callable[[], None]) -> None:
        self._follow = follow
        self._notify = notify
        self._feed: Feed | None = None
        self.run: RunDirectory | None = None
        """That run."""

    @property
    def name(self) -> str:
        """The run's; empty where there is none."""
        return self._feed.snapshot().name if self._feed else ""

    @property
    def history(self) -> History | None:
        """Its metrics."""
        return self._feed.history if self._feed else None

    def choose(self, run: RunDirectory | None) -> None:
        """Follow another run, or none.

        Raises:
            GanTuiError: it has gone since it was listed; the one before it stays.
        """
        feed = None if run is None else self._follow(run)
        if self._feed is not None:
            Thread(target=self._feed.close, name="close the feed of a run behind", daemon=True).start()
        self._feed, self.run = feed, run
        if feed is not None:
            feed.start(self._notify)

    def close(self) -> None:
        """Follow none any more."""
        if self._feed is not None:
            self._feed.close()
