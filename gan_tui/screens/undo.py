"""The dialog before a nudge is taken back: what that restores, and what it does not."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from engine.protocol.events import Change
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import worded
from gan_tui.state.nudges import Made, moves
from gan_tui.state.plain_text import printable
from gan_tui.state.run_view import RunView
from gan_tui.widgets.frames import entitle

Answer: TypeAlias = Literal["undo", "resume"]


class UndoDialog(Dialog[Answer | None]):
    """Returns whether to take it back, or to go on from a checkpoint of before it; None: neither.

    Args:
        nudge: that would be taken back.
        changes: what would be restored.
        view: the run; where no engine works on it any more, nothing is taken back, but it can go on from a checkpoint.
        checkpoint: the step of the newest checkpoint from before the nudge; None where there is none.
    """

    CSS_PATH = "undo.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "undo", "undo", id="undo-confirm", show=False),
        Binding("c", "resume", "from the checkpoint", id="undo-resume", show=False),
        Binding("escape,q,u", "dismiss(None)", "leave it", id="undo-close", show=False),
    ]

    def __init__(self, nudge: Made, changes: tuple[Change, ...], view: RunView, checkpoint: int | None) -> None:
        super().__init__()
        self._nudge = nudge
        self._changes = changes
        self._view = view
        self._checkpoint = checkpoint

    def compose(self) -> ComposeResult:
        """The nudge, what goes back to what, what does not, and the other way."""
        nudge = self._nudge
        why = f": {nudge.why}" if nudge.why else ""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "undo"
            undo = "" if self._view.ended else "{undo-confirm|Enter} undo · "
            entitle(dialog, subtitle=worded(self, f"{undo}{{undo-close|Esc}} leave it"))
            yield Static(
                Text(printable(f"After step {nudge.step:,}, {nudge.by} set {nudge.text}{why}")), classes="told"
            )
            yield Static(Text(f"{moves(self._changes) or 'Nothing differs any more'}"), id="changes")
            yield Static(Text(self._honest()), classes="said")
            yield Static(self._other_way(), id="way")

    def action_undo(self) -> None:
        """Take it back, where there is an engine to do so."""
        if not self._view.ended:
            self.dismiss("undo")

    def action_resume(self) -> None:
        """Go on from the checkpoint, where there is one."""
        if self._checkpoint is not None:
            self.dismiss("resume")

    def _honest(self) -> str:
        if self._view.ended:
            return "No engine works on this run: there is nothing to take the nudge back in."
        steps = self._view.step - self._nudge.step
        learnt = f"what they have learnt in {steps:,} step{'' if steps == 1 else 's'} since stays"
        since = learnt if steps > 0 else "they have not been trained since"
        return f"This restores the settings, not the weights of the networks: {since}."

    def _other_way(self) -> Text:
        if self._checkpoint is None:
            return Text("No checkpoint of this run is from before it.")
        first = "" if self._view.ended else " (stop the run first)"
        way = f"to have the weights of before it: go on from the checkpoint of step {self._checkpoint:,}{first}"
        return Text.assemble((worded(self, "{undo-resume|c}"), "bold"), f"  {way}")
