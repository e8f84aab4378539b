"""Where the user goes from the dashboard and comes back from: dialogs and screens, and what comes of them.

Each is imported when it is first wanted: the first paint waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from textual.screen import Screen

from engine.config.controls import Control
from engine.protocol.rundir import RunDirectory
from gan_tui.screens.steering import Steering
from gan_tui.screens.wishes import BehindWanted, Left
from gan_tui.state.nudge_sheets import nudge_near, nudges_of
from gan_tui.state.run_view import RunView
from gan_tui.terminal_pictures import Drawing
from gan_tui.widgets.plot import LossPlot
from gan_tui.widgets.samples import SamplePane

if TYPE_CHECKING:
    from gan_tui.screens.beside import Chosen
    from gan_tui.screens.picture import LeftAt

Result = TypeVar("Result")


class Live(Protocol):
    """A screen that goes on showing the run."""

    def show(self, view: RunView) -> None:
        """Take the newest view."""


class Excursions:
    """Those of one screen.

    Args:
        screen: over which they open, and which posts what is wanted.
        run: the run that it shows.
        plot: its curves.
        samples: its sample sheets.
        drawing: how pictures are drawn.
        steering: knows what may be asked of the engine.
        readonly: whether the user may look alone.
        clock: seconds since the Unix epoch.
        say: tells the user something.
    """

    def __init__(
        self,
        screen: Screen[None],
        run: RunDirectory,
        *,
        plot: LossPlot,
        samples: SamplePane,
        drawing: Drawing,
        steering: Steering,
        readonly: bool,
        clock: Callable[[], float],
        say: Callable[[str], object],
    ) -> None:
        self._screen = screen
        self._run = run
        self._plot = plot
        self._samples = samples
        self._drawing = drawing
        self._live: Live | None = None
        self._view: RunView | None = None
        self._steering = steering
        self._readonly = readonly
        self._clock = clock
        self._say = say

    def show(self, view: RunView) -> None:
        """Hand the newest view to the screen that is open and goes on showing the run."""
        self._view = view
        if self._live is not None:
            self._live.show(view)

    def show_picture(self) -> None:
        """Show the selected picture as large as can be; the pane comes along to the sheet and picture left last."""
        from gan_tui.screens.picture import PictureScreen

        sheet, spot = self._samples.sheet, self._samples.selected
        if self._view is None or sheet is None or spot is None:
            self._say("There is no sample sheet yet: v draws one at the next step.")
            return
        path = None if self._samples.followed else sheet.path
        screen = PictureScreen(self._run.root, self._view.sheets, path, spot, self._drawing)

        def left(last: LeftAt | None) -> None:
            if last is not None:
                self._samples.show_sheet(last.path, last.spot)

        self._open(screen, screen, left)

    def show_before_after(self) -> None:
        """Show what a nudge changed in the pictures: the newest one, or the one before the plot's cursor."""
        from gan_tui.screens.before_after import BeforeAfterScreen

        place = nudge_near(nudges_of(self._view.markers), self._plot.cursor_step) if self._view is not None else None
        if self._view is None or place is None:
            self._say("Nothing has been nudged yet: [ ] choose a control, - + nudge it, Enter applies.")
            return
        screen = BeforeAfterScreen(self._run.root, self._view, place, self._drawing)
        self._open(screen, screen, lambda _: None)

    def pick_checkpoint(self) -> None:
        """Show the checkpoints that are on disk; on an ended run, one chosen ends the dashboard."""
        from gan_tui.client.branch import ResumeRequest
        from gan_tui.screens.checkpoints import CheckpointPicker

        picker = CheckpointPicker(
            self._run,
            ResumeRequest(),
            now=self._clock(),
            readonly=self._readonly,
            imaging=self._drawing.imaging,
        )
        self._screen.app.push_screen(picker, self._resume)

    def ask_behind(self) -> None:
        """Have a run chosen whose curves are drawn behind this one's."""
        from gan_tui.screens.beside import BesideDialog

        def chosen(choice: Chosen | None) -> None:
            if choice is not None:
                self._screen.post_message(BehindWanted(choice.run))

        self._screen.app.push_screen(BesideDialog(self._run), chosen)

    def ask_filter(self) -> None:
        """Have words typed that the names of series are to have; the plot follows as they are typed."""
        from gan_tui.screens.prompts import FilterDialog

        self._screen.app.push_screen(FilterDialog(self._plot.choice.typed, self._plot.filter))

    def ask_value(self, control: Control, value: float, taken: Callable[[float], None]) -> None:
        """Have a value typed for a control.

        Args:
            control: that control.
            value: its present one.
            taken: called with what was typed.
        """
        from gan_tui.screens.prompts import ValueDialog

        self._screen.app.push_screen(ValueDialog(control, value), lambda typed: None if typed is None else taken(typed))

    def show_help(self) -> None:
        """List every key."""
        from gan_tui.screens.help import HelpScreen

        self._screen.app.push_screen(HelpScreen())

    def show_palette(self) -> None:
        """Search the actions."""
        self._screen.app.action_command_palette()

    def _open(self, screen: Screen[Result], live: Live, left: Callable[[Result | None], object]) -> None:
        """Open a screen that goes on showing the run."""

        def closed(result: Result | None) -> None:
            self._live = None
            left(result)

        self._live = live
        self._screen.app.push_screen(screen, closed)

    def _resume(self, step: int | None) -> None:
        if step is not None and self._steering.may_resume():
            self._screen.post_message(Left(resume_from=step))
