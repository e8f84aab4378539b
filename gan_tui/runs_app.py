"""The runs browser as an application: wires what watches a folder to the screen."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.driver import Driver
from textual.message import Message

from engine.errors import WorkError
from gan_tui.departures import RunsDeparture
from gan_tui.dressed import DressedApp
from gan_tui.palette import ActionProvider
from gan_tui.screens.run_wishes import Changed, RunsLeft
from gan_tui.screens.runs import REST, RunsScreen
from gan_tui.screens.wishes import ThemeWanted
from gan_tui.state.appearance import Appearance
from gan_tui.state.runs_feed import RunsFeed
from gan_tui.surroundings import Surroundings
from gan_tui.terminal import guard
from gan_tui.terminal.driver import driver_for, this_terminal
from gan_tui.terminal.pictures import drawing_on
from gan_tui.widgets.footer import Tone


class RunsApp(DressedApp[RunsDeparture]):
    """Shows the runs of a folder; its result is where the user went, None for nowhere."""

    TITLE = "gan-tui runs"
    CSS_PATH = "screens/runs.tcss"  # Textual does not read a default screen's own
    COMMANDS: ClassVar = {lambda: ActionProvider}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f12"

    class FeedMoved(Message, bubble=False):
        """The feed has a newer view."""

    def __init__(
        self,
        feed: RunsFeed,
        surroundings: Surroundings | None = None,
        *,
        begin_at: str = "",
        remark: tuple[str, Tone] | None = None,
        rest: float = REST,
        driver_class: type[Driver] | None = None,
    ) -> None:
        """The arguments are RunsScreen's; ``feed`` watches the folder."""
        surroundings = surroundings or Surroundings()
        super().__init__(surroundings.appearance, driver_class=driver_class)
        self._feed = feed
        self._told = False
        """Whether a message is on its way, so that a busy feed does not fill the queue."""
        self._shelf = RunsScreen(feed.snapshot(), surroundings, begin_at=begin_at, remark=remark, rest=rest)

    def get_default_screen(self) -> RunsScreen:
        """The list is the only screen beneath the dialogs."""
        return self._shelf

    def on_mount(self) -> None:
        """Begin to watch."""
        self._feed.start(self._tell)

    def on_unmount(self) -> None:
        """Stop watching."""
        self._feed.close()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self.post_message(self.FeedMoved())

    @on(FeedMoved)
    def show(self) -> None:
        """Hand the newest view down."""
        self._told = False
        self._shelf.show(self._feed.snapshot())

    @on(Changed)
    def look_again(self, message: Changed) -> None:
        """Have the folder looked at, since something was changed in it from here."""
        message.stop()
        self._feed.look()

    @on(ThemeWanted)
    def change_theme(self, message: ThemeWanted) -> None:
        """Take the next theme, and say how to have it the next time."""
        message.stop()
        self._shelf.say(f"Theme {self.next_theme()}. To keep it: {self.way_to_keep('theme', self.theme)}")

    @on(RunsLeft)
    def leave(self, message: RunsLeft) -> None:
        """Leave, for somewhere or for good."""
        message.stop()
        self.exit(message.departure)


def run_browser(
    feed: RunsFeed, appearance: Appearance, *, begin_at: str = "", remark: tuple[str, Tone] | None = None
) -> RunsDeparture | None:
    """Show the runs of a folder until the user leaves; needs a terminal.

    Args:
        feed: watches the folder.
        appearance: what the user wishes to see.
        begin_at: path of the run that the cursor is to be on; empty for the first.
        remark: to be said at once, if anything.

    Raises:
        WorkError: the browser failed; Textual has shown the traceback.
    """
    guard.start()
    terminal = this_terminal()
    drawing = drawing_on(terminal, appearance.imaging)
    surroundings = Surroundings(appearance=appearance, outlet=terminal, drawing=drawing)
    driver = driver_for(terminal, drawing.pictures)
    app = RunsApp(feed, surroundings, begin_at=begin_at, remark=remark, driver_class=driver)
    app.run(mouse=appearance.mouse)
    if app.return_code:
        raise WorkError("the runs browser", "ended by an error of its own", "No run is affected: gan-tui runs --plain")
    return app.return_value
