"""Where the user goes from the dashboard and comes back from: dialogs and screens, and what comes of them.

Each is imported when it is first wanted: the first paint waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.screen import Screen

from engine.config.controls import Control
from engine.protocol import commands as cmd
from engine.protocol.rundir import RunDirectory
from gan_tui.screens.steering import Steering
from gan_tui.screens.wishes import BehindWanted, Left
from gan_tui.state.history import History
from gan_tui.state.nudges import checkpoint_before, reversal, standing
from gan_tui.state.run_view import RunView
from gan_tui.widgets.plot import LossPlot

if TYPE_CHECKING:
    from gan_tui.screens.beside import Chosen
    from gan_tui.screens.control_sets import Loaded
    from gan_tui.screens.effect import EffectScreen
    from gan_tui.screens.undo import Answer


class Excursions:
    """Those of one screen.

    Args:
        screen: over which they open, and which posts what is wanted.
        run: the run that it shows.
        history: its metrics.
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
        history: History,
        plot: LossPlot,
        steering: Steering,
        readonly: bool,
        clock: Callable[[], float],
    ) -> None:
        self._screen = screen
        self._run = run
        self._history = history
        self._effect: EffectScreen | None = None
        """While it is open."""
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

    def ask_undo(self) -> None:
        """Show what taking the newest nudge back restores and what not, then do what is chosen."""
        view = self._steering.view
        if not (view.ended or self._steering.may(cmd.Undo)):
            return
        from gan_tui.screens.undo import UndoDialog

        if not (left := standing(view.nudges)):
            self._steering.say("There is no nudge to take back.")
            return
        nudge = left[-1]
        checkpoint = checkpoint_before(view.markers, nudge)

        def answered(answer: Answer | None) -> None:
            if answer == "undo":
                self._steering.undo(nudge.seq)
            elif answer == "resume":
                self._resume(checkpoint)

        changes = reversal(nudge, view.values)
        self._screen.app.push_screen(UndoDialog(nudge, changes, view, checkpoint), answered)

    def show_effect(self) -> None:
        """Show what changed since a nudge; the screen follows the run."""
        from gan_tui.screens.effect import EffectScreen

        def closed(_: None) -> None:
            self._effect = None

        self._effect = EffectScreen(self._steering.view, self._history)
        self._screen.app.push_screen(self._effect, closed)

    def show(self, view: RunView) -> None:
        """Hand the newest view to a screen that follows the run."""
        if self._effect is not None and self._effect.is_mounted:
            self._effect.show(view)

    def show_control_sets(self) -> None:
        """Have a set of values saved, or chosen to be prepared."""
        from gan_tui.client.control_sets import sets_file
        from gan_tui.screens.control_sets import ControlSetsDialog

        def chosen(loaded: Loaded | None) -> None:
            if loaded is not None:
                self._steering.prepare(loaded.changes)
                self._steering.say(loaded.said)

        view = self._steering.view
        dialog = ControlSetsDialog(sets_file(), view.controls, view.values, steers=not view.ended)
        self._screen.app.push_screen(dialog, chosen)

    def ask_take_over(self) -> None:
        """Have it confirmed that control is to be taken over from whoever holds it."""
        from gan_tui.screens.takeover import TakeOverDialog

        if not self._steering.may(cmd.Hold):
            return
        view = self._steering.view
        if (holder := view.held_by_other) is None:
            self._steering.say(
                "You hold control already." if view.holds else "Control is free: it is yours as you steer."
            )
            return
        self._screen.app.push_screen(TakeOverDialog(holder), lambda sure: self._steering.take_over() if sure else None)

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
