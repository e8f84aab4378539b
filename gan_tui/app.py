"""The dashboard's application: wires a feed to the screen, and the screen's wishes to the feed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from threading import Thread
from time import time
from typing import ClassVar, TypeAlias

from textual.app import App, get_system_commands_provider
from textual.driver import Driver
from textual.message import Message

from engine.errors import GanTuiError, WorkError
from engine.protocol.rundir import RunDirectory
from gan_tui import terminal_guard
from gan_tui.palette import ActionProvider
from gan_tui.screens.dashboard import DashboardScreen
from gan_tui.screens.pacer import Tempo
from gan_tui.state.feed import Feed
from gan_tui.state.run_view import RunView, Status
from gan_tui.terminal_diff import ThriftyDriver
from gan_tui.themes import DARK, THEMES

__all__ = ["Dashboard", "Departure", "Detached", "Ended", "ResumeFrom", "departure", "run_dashboard"]


@dataclass(frozen=True, kw_only=True)
class Detached:
    """The user left a run that goes on."""

    status: Status


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The user left a run that no engine works on any more."""

    status: Status


@dataclass(frozen=True, kw_only=True)
class ResumeFrom:
    """The user left in order to go on from a checkpoint."""

    step: int


Departure: TypeAlias = Detached | Ended | ResumeFrom


class Dashboard(App[Departure]):
    """Follows one run."""

    TITLE = "gan-tui"
    CSS_PATH = "screens/dashboard.tcss"  # Textual does not read a default screen's own
    COMMANDS: ClassVar = {get_system_commands_provider, lambda: ActionProvider}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f12"

    class FeedMoved(Message, bubble=False):
        """The feed has a newer view."""

    class BesideMoved(Message, bubble=False):
        """The run that is drawn behind has new curves."""

    def __init__(
        self,
        feed: Feed,
        run_dir: Path,
        *,
        readonly: bool = False,
        zone: tzinfo | None = None,
        tempo: Tempo | None = None,
        clock: Callable[[], float] = time,
        follow: Callable[[RunDirectory], Feed] | None = None,
        beside: RunDirectory | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        """``follow`` makes the feed of a run that is drawn behind; ``beside`` is one that is so from the first."""
        super().__init__(driver_class=driver_class)
        self._feed = feed
        self._follow = follow or _follower
        self._beside: Feed | None = None
        self._first_beside = beside
        self._told: set[type[Message]] = set()
        """What is on its way, so that a busy feed does not fill the queue."""
        self._deck = DashboardScreen(
            feed.snapshot(), feed.history, run_dir, readonly=readonly, zone=zone, tempo=tempo, clock=clock
        )
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name

    def get_default_screen(self) -> DashboardScreen:
        """The dashboard is the only screen beneath the dialogs."""
        return self._deck

    def on_mount(self) -> None:
        """Begin to follow."""
        self._feed.start(self._teller(self.FeedMoved))
        if self._first_beside is not None:
            self._show_beside(self._first_beside)

    def on_unmount(self) -> None:
        """Stop following."""
        self._feed.close()
        if self._beside is not None:
            self._beside.close()

    def _teller(self, moved: type[Message]) -> Callable[[], None]:
        """What a feed's thread calls when there is something new; it never waits for the screen."""

        def tell() -> None:
            if moved not in self._told:
                self._told.add(moved)
                self.post_message(moved())

        return tell

    def on_dashboard_feed_moved(self) -> None:
        """Hand the newest view down."""
        self._told.discard(self.FeedMoved)
        self._deck.show(self._feed.snapshot())

    def _show_beside(self, run: RunDirectory | None) -> None:
        """Follow another run for its curves, or no other run."""
        try:
            feed = None if run is None else self._follow(run)
        except GanTuiError as error:  # it has gone since it was listed
            self._deck.say(error.one_line(), "bad")
            return
        if self._beside is not None:
            Thread(target=self._beside.close, name="close the feed of a run behind", daemon=True).start()
        self._beside = feed
        if self._beside is not None:
            self._beside.start(self._teller(self.BesideMoved))
        self.on_dashboard_beside_moved()

    def on_dashboard_beside_moved(self) -> None:
        """Hand its curves down."""
        self._told.discard(self.BesideMoved)
        feed = self._beside
        self._deck.show_beside(feed.snapshot().name if feed else "", feed.history if feed else None)

    def on_dashboard_screen_beside_wanted(self, message: DashboardScreen.BesideWanted) -> None:
        """Draw another run behind."""
        message.stop()
        self._show_beside(message.run)

    def on_dashboard_screen_wanted(self, message: DashboardScreen.Wanted) -> None:
        """Pass a wish on to the engine."""
        message.stop()
        self._feed.send(message.command)
        self._deck.show(self._feed.snapshot())

    def on_dashboard_screen_left(self, message: DashboardScreen.Left) -> None:
        """Leave, remembering why."""
        message.stop()
        view = self._feed.snapshot()
        if message.resume_from is not None:
            self.exit(ResumeFrom(step=message.resume_from))
        elif view.ended:
            self.exit(Ended(status=view.status))
        else:
            self.exit(Detached(status=view.status))


def _follower(run: RunDirectory) -> Feed:
    from gan_tui.client.follow import Follower  # of use to few: the first paint does not wait for it

    return Follower(run)


def run_dashboard(
    feed: Feed, run_dir: Path, *, readonly: bool = False, mouse: bool = True, beside: RunDirectory | None = None
) -> Departure:
    """Show a run until the user leaves; needs a terminal. A killed application counts as detached.

    Args:
        feed: follows the run.
        run_dir: where it lies.
        readonly: whether the user may look alone.
        mouse: whether the terminal is to report the mouse.
        beside: a run whose curves are drawn behind from the first.

    Raises:
        WorkError: the dashboard failed; Textual has shown the traceback.
    """
    terminal_guard.start()
    app = Dashboard(feed, run_dir, readonly=readonly, beside=beside, driver_class=ThriftyDriver)
    app.run(mouse=mouse)
    return departure(app, feed.snapshot())


def departure(app: Dashboard, view: RunView) -> Departure:
    """How a dashboard that has run was left.

    Raises:
        WorkError: it failed.
    """
    if app.return_code:
        fix = f"Training is not affected. Come back: gan-tui attach {view.name}"
        raise WorkError("the dashboard", "ended by an error of its own", fix)
    return app.return_value or Detached(status=view.status)
