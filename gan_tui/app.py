"""The dashboard's application: wires a feed to the screen, and the screen's wishes to the feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.driver import Driver
from textual.message import Message

from engine.errors import GanTuiError, WorkError
from gan_tui.behind import Behind
from gan_tui.caller import Caller
from gan_tui.departures import Browse, Departure, Detached, Ended, ResumeFrom
from gan_tui.dressed import DressedApp
from gan_tui.palette import ActionProvider
from gan_tui.screens.dashboard import DashboardScreen
from gan_tui.screens.wishes import BehindWanted, CallsChanged, Left, ThemeWanted, Wanted
from gan_tui.state.appearance import Appearance
from gan_tui.state.run_view import RunView
from gan_tui.surroundings import Surroundings, Watched
from gan_tui.terminal import guard
from gan_tui.terminal.driver import driver_for, this_terminal
from gan_tui.terminal.pictures import drawing_on


class Dashboard(DressedApp[Departure]):
    """Follows one run."""

    TITLE = "gan-tui"
    CSS_PATH = "screens/dashboard.tcss"  # Textual does not read a default screen's own
    COMMANDS: ClassVar = {lambda: ActionProvider}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f12"

    class FeedMoved(Message, bubble=False):
        """The feed has a newer view."""

    class BehindMoved(Message, bubble=False):
        """The run that is drawn behind has new curves."""

    def __init__(
        self, watched: Watched, surroundings: Surroundings | None = None, driver_class: type[Driver] | None = None
    ) -> None:
        surroundings = surroundings or Surroundings()
        super().__init__(surroundings.appearance, driver_class=driver_class)
        self._feed = watched.feed
        self._behind = Behind(surroundings.follow, self._teller(self.BehindMoved))
        self._first_behind = watched.behind
        self._told: set[type[Message]] = set()
        """What is on its way, so that a busy feed does not fill the queue."""
        self._caller = Caller(
            surroundings.appearance.notify, surroundings.messages, outlet=surroundings.outlet, later=self.set_timer
        )
        self._deck = DashboardScreen(watched, surroundings)

    def get_default_screen(self) -> DashboardScreen:
        """The dashboard is the only screen beneath the dialogs."""
        return self._deck

    def on_mount(self) -> None:
        """Begin to follow."""
        if self.appearance.imaging.notice:
            self._deck.say(self.appearance.imaging.notice)
        self._caller.take(self._feed.snapshot())
        self._feed.start(self._teller(self.FeedMoved))
        if self._first_behind is not None:
            self.draw_behind(BehindWanted(self._first_behind))

    def on_unmount(self) -> None:
        """Stop following."""
        self._feed.close()
        self._behind.close()

    def _teller(self, moved: type[Message]) -> Callable[[], None]:
        """What a feed's thread calls when there is something new; it never waits for the screen."""

        def tell() -> None:
            if moved not in self._told:
                self._told.add(moved)
                self.post_message(moved())

        return tell

    @on(FeedMoved)
    def show(self) -> None:
        """Hand the newest view down."""
        self._told.discard(self.FeedMoved)
        view = self._feed.snapshot()
        self._deck.show(view)
        self._caller.take(view)

    @on(BehindMoved)
    def show_behind(self) -> None:
        """Hand the curves of the run behind down."""
        self._told.discard(self.BehindMoved)
        self._deck.show_behind(self._behind.name, self._behind.history, self._behind.run)

    @on(BehindWanted)
    def draw_behind(self, message: BehindWanted) -> None:
        """Follow another run for its curves, or no other run."""
        message.stop()
        try:
            self._behind.choose(message.run)
        except GanTuiError as error:  # it has gone since it was listed
            self._deck.say(error.one_line(), "bad")
            return
        self.show_behind()

    @on(CallsChanged)
    def call_otherwise(self, message: CallsChanged) -> None:
        """Call the user for news in the next way, and say how to have it the next time."""
        message.stop()
        means, told = self._caller.change()
        self._deck.say(f"{told} To keep it: {self.way_to_keep('notify', means)}")

    @on(ThemeWanted)
    def change_theme(self, message: ThemeWanted) -> None:
        """Take the next theme, and say how to have it the next time."""
        message.stop()
        self._deck.say(f"Theme {self.next_theme()}. To keep it: {self.way_to_keep('theme', self.theme)}")

    @on(Wanted)
    def pass_on(self, message: Wanted) -> None:
        """Pass a wish on to the engine."""
        message.stop()
        self._feed.send(message.command)
        self._deck.show(self._feed.snapshot())

    @on(Left)
    def leave(self, message: Left) -> None:
        """Leave, remembering why."""
        message.stop()
        view = self._feed.snapshot()
        if message.resume_from is not None:
            self.exit(ResumeFrom(step=message.resume_from))
            return
        left = Ended(status=view.status) if view.ended else Detached(status=view.status)
        self.exit(Browse(left=left) if message.for_the_runs else left)


def run_dashboard(watched: Watched, appearance: Appearance) -> Departure:
    """Show a run until the user leaves; needs a terminal. A killed application counts as detached.

    Args:
        watched: the run, and how it is looked at.
        appearance: what the user wishes to see.

    Raises:
        WorkError: the dashboard failed; Textual has shown the traceback.
    """
    guard.start()
    terminal = this_terminal()
    drawing = drawing_on(terminal, appearance.imaging)
    surroundings = Surroundings(appearance=appearance, outlet=terminal, drawing=drawing)
    app = Dashboard(watched, surroundings, driver_class=driver_for(terminal, drawing.pictures))
    app.run(mouse=appearance.mouse)
    return departure(app, watched.feed.snapshot())


def departure(app: Dashboard, view: RunView) -> Departure:
    """How a dashboard that has run was left.

    Raises:
        WorkError: it failed.
    """
    if app.return_code:
        fix = f"Training is not affected. Come back: gan-tui attach {view.name}"
        raise WorkError("the dashboard", "ended by an error of its own", fix)
    return app.return_value or Detached(status=view.status)
