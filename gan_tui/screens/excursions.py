"""Where the user goes from the dashboard and comes back from: dialogs and screens, and what comes of them.

Each is imported when it is first wanted: the first paint waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.screen import Screen

from engine.config.controls import Control
from engine.protocol.rundir import RunDirectory
from gan_tui.screens.steering import Steering
from gan_tui.screens.wishes import BehindWanted, Left
from gan_tui.widgets.plot import LossPlot

if TYPE_CHECKING:
    from gan_tui.screens.beside import Chosen


class Excursions:
    """Those of one screen.

    Args:
        screen: over which they open, and which posts what is wanted.
        run: the run that it shows.
        plot: its curves.
        steering: knows what may be asked of the engine.
        readonly: whether the user may look alone.
        clock: seconds since the Unix epoch.
    """

    def __init__(
        self,
        screen: Screen[None],
        run: RunDirectory,
        *,
        plot: LossPlot,
        steering: Steering,
        readonly: bool,
        clock: Callable[[], float],
    ) -> None:
        self._screen = screen
        self._run = run
        self._plot = plot
        self._steering = steering
        self._readonly = readonly
        self._clock = clock

    def pick_checkpoint(self) -> None:
        """Show the checkpoints that are on disk; on an ended run, one chosen ends the dashboard."""
        from gan_tui.client.branch import ResumeRequest
        from gan_tui.screens.checkpoints import CheckpointPicker

        picker = CheckpointPicker(self._run, ResumeRequest(), now=self._clock(), readonly=self._readonly)
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

    def _resume(self, step: int | None) -> None:
        if step is not None and self._steering.may_resume():
            self._screen.post_message(Left(resume_from=step))
