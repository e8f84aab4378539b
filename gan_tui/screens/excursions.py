"""Where the user goes from the dashboard and comes back from: dialogs and screens, and what comes of them.

Each is imported when it is first wanted: the first paint waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from textual.screen import Screen

from engine.config.controls import Control
from engine.protocol import commands as cmd
from engine.protocol.rundir import RunDirectory
from gan_tui.screens.following import FollowingScreen
from gan_tui.screens.steering import Steering
from gan_tui.screens.wishes import BehindWanted, Left
from gan_tui.state.history import History
from gan_tui.state.nudge_sheets import nudge_near, nudges_of
from gan_tui.state.nudges import checkpoint_before, reversal, standing
from gan_tui.state.outlet import Outlet
from gan_tui.state.plain_text import printable
from gan_tui.state.run_view import RunView
from gan_tui.terminal.pictures import Drawing
from gan_tui.widgets.plot import LossPlot
from gan_tui.widgets.samples import SamplePane

if TYPE_CHECKING:
    from gan_tui.actions.action import Action
    from gan_tui.screens.beside import Chosen
    from gan_tui.screens.control_sets import Loaded
    from gan_tui.screens.on_screen import OnScreen
    from gan_tui.screens.undo import Answer

Returned = TypeVar("Returned")
"""What a screen returns that follows the run."""


class Excursions:
    """Those of one screen.

    Args:
        screen: over which they open, and which posts what is wanted.
        run: the run that it shows.
        history: its metrics.
        plot: its curves.
        samples: its sample sheets.
        drawing: how pictures are drawn.
        outlet: the terminal.
        steering: knows what may be asked of the engine.
        readonly: whether the user may look alone.
        host: the machine that has the run's checkpoints; empty for this one.
        clock: seconds since the Unix epoch.
        actions: what can be done on it, for the help.
        ascii: whether nothing else may be drawn.
    """

    def __init__(
        self,
        screen: Screen[None],
        run: RunDirectory,
        *,
        history: History,
        plot: LossPlot,
        samples: SamplePane,
        drawing: Drawing,
        outlet: Outlet,
        steering: Steering,
        readonly: bool,
        host: str,
        clock: Callable[[], float],
        actions: Sequence[Action],
        ascii: bool,  # noqa: A002
    ) -> None:
        self._screen = screen
        self._run = run
        self._history = history
        self._plot = plot
        self._samples = samples
        self._drawing = drawing
        self._outlet = outlet
        self._steering = steering
        self._readonly = readonly
        self._host = host
        self._clock = clock
        self._actions = actions
        self._ascii = ascii
        self._following: FollowingScreen[Any] | None = None
        """The screen that is open and follows the run."""

    def show(self, view: RunView) -> None:
        """Hand the newest view to what is open and follows the run."""
        if self._following is not None and self._following.is_mounted:
            self._following.show(view)

    def show_picture(self) -> None:
        """Show the selected picture as large as can be; the pane comes along to the sheet and picture left last."""
        from gan_tui.screens.picture import PictureScreen

        sheet, spot = self._samples.sheet, self._samples.selected
        if sheet is None or spot is None:
            none_yet = "There is no sample sheet yet: {sample|v} draws one at the next step."
            self._steering.say(self._steering.in_words(none_yet))
            return

        path = None if self._samples.followed else sheet.path
        screen = PictureScreen(self._run.root, self._samples.sheets, path, spot, self._drawing, self._outlet)
        self._follow(screen, lambda last: self._samples.show_sheet(last.path, last.spot))

    def show_before_after(self) -> None:
        """Show what a nudge changed in the pictures: the newest one, or the one before the plot's cursor."""
        from gan_tui.screens.before_after import BeforeAfterScreen

        view = self._steering.view
        place = nudge_near(nudges_of(view.markers), self._plot.cursor_step)
        if place is None:
            self._steering.say("Nothing has been nudged yet, so there is nothing to be compared.")
            return
        self._follow(BeforeAfterScreen(self._run.root, view, place, self._drawing))

    def pick_checkpoint(self, begin_at: int | None = None) -> None:
        """Show the checkpoints on disk, the cursor on that of a step; one chosen ends the dashboard of an ended run."""
        from gan_tui.client.branch import ResumeRequest
        from gan_tui.screens.checkpoints import CheckpointPicker

        if self._host:  # a mirror has none of them
            there = printable(self._host)
            self._steering.say(f"Its checkpoints are on {there}, where it is resumed: gan-tui resume {self._run.name}")
            return
        picker = CheckpointPicker(
            self._run,
            ResumeRequest(),
            now=self._clock(),
            begin_at=begin_at,
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

    def show_alerts(self) -> None:
        """List what sentinels have found; of the one chosen the suggestion is prepared."""
        from gan_tui.screens.alerts import AlertsScreen

        self._follow(AlertsScreen(self._steering.view, steers=self._steering.steers), self._steering.accept)

    def ask_export(self, seen: OnScreen) -> None:
        """Have a path typed that what is on screen is written to."""
        from gan_tui.chart.files import folder_for_files
        from gan_tui.screens.export import ExportDialog, exports_of

        if exports := exports_of(seen):
            self._screen.app.push_screen(ExportDialog(exports, folder_for_files()), self._exported)
        else:
            self._steering.say("There is neither a curve nor a sheet of samples to export yet.", "bad")

    def show_log(self) -> None:
        """Show what the engine wrote to engine.log."""
        from gan_tui.screens.log import LogScreen

        self._screen.app.push_screen(LogScreen(self._run))

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
        checkpoint = checkpoint_before(view, nudge)

        def answered(answer: Answer | None) -> None:
            if answer == "undo":
                self._steering.undo(nudge.seq)
            elif answer == "resume":
                self.pick_checkpoint(checkpoint)

        changes = reversal(nudge, view.values)
        self._screen.app.push_screen(UndoDialog(nudge, changes, view, checkpoint), answered)

    def show_effect(self) -> None:
        """Show what changed since a nudge; the screen follows the run."""
        from gan_tui.screens.effect import EffectScreen

        self._follow(EffectScreen(self._steering.view, self._history))

    def show_machine(self) -> None:
        """Show what the run's machine is at and was at, until that is left."""
        from gan_tui.screens.machine import MachineScreen

        self._follow(MachineScreen(self._steering.view, self._history.machine))

    def show_control_sets(self) -> None:
        """Have a set of values saved, or chosen to be prepared."""
        from gan_tui.client.control_sets import sets_file
        from gan_tui.screens.control_sets import ControlSetsDialog

        def chosen(loaded: Loaded | None) -> None:
            if loaded is not None:
                self._steering.prepare(loaded.changes)
                self._steering.say(loaded.said)

        view = self._steering.view
        dialog = ControlSetsDialog(sets_file(), view.controls, view.values, steers=self._steering.prepares)
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

        self._screen.app.push_screen(HelpScreen(self._actions, ascii=self._ascii))

    def show_palette(self) -> None:
        """Search the actions."""
        self._screen.app.action_command_palette()

    def _exported(self, told: str | None) -> None:
        if told:
            self._steering.say(told, "good")

    def _follow(self, screen: FollowingScreen[Returned], then: Callable[[Returned], object] = lambda _: None) -> None:
        """Open a screen that is shown every view until it is left; ``then`` takes what it returns, if anything."""

        def left(returned: Returned | None) -> None:
            self._following = None
            if returned is not None:
                then(returned)

        self._following = screen
        self._screen.app.push_screen(screen, left)

    def _resume(self, step: int | None) -> None:
        if step is not None and self._steering.may_resume():
            self._screen.post_message(Left(resume_from=step))
