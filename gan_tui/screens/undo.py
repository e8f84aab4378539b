"""The dialog before a nudge is taken back: what that restores, and what it does not."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.protocol.events import Change
from gan_tui.state.nudges import Made, moves
from gan_tui.state.plain_text import printable

Answer: TypeAlias = Literal["undo", "resume"]


class UndoDialog(ModalScreen[Answer | None]):
    """Returns whether to take it back, or to go on from a checkpoint of before it; None: neither.

    Args:
        nudge: that would be taken back.
        changes: what would be restored.
        step: how far the run is.
        checkpoint: the step of the newest checkpoint from before the nudge; None where there is none.
    """

    CSS_PATH = "undo.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "dismiss('undo')", "undo", show=False),
        Binding("c", "resume", "from the checkpoint", show=False),
        Binding("escape,q,u", "dismiss(None)", "leave it", show=False),
    ]

    def __init__(self, nudge: Made, changes: tuple[Change, ...], step: int, checkpoint: int | None) -> None:
        super().__init__()
        self._nudge = nudge
        self._changes = changes
        self._step = step
        self._checkpoint = checkpoint

    def compose(self) -> ComposeResult:
        """The nudge, what goes back to what, what does not, and the other way."""
        nudge = self._nudge
        why = f": {nudge.why}" if nudge.why else ""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "undo"
            dialog.border_subtitle = "Enter undo · Esc leave it"
            yield Static(
                Text(printable(f"After step {nudge.step:,}, {nudge.by} set {nudge.text}{why}")), classes="told"
            )
            yield Static(Text(f"{moves(self._changes) or 'Nothing differs any more'}"), id="changes")
            yield Static(Text(_honest(self._step - nudge.step)), classes="said")
            yield Static(Text(self._other_way()), classes="said")

    def action_resume(self) -> None:
        """Go on from the checkpoint, where there is one."""
        if self._checkpoint is not None:
            self.dismiss("resume")

    def _other_way(self) -> str:
        if self._checkpoint is None:
            return "No checkpoint of this run is from before it."
        return f"c  go on from the checkpoint of step {self._checkpoint:,} instead, which is from before it"


def _honest(steps: int) -> str:
    trained = f"{steps:,} step{'' if steps == 1 else 's'}" if steps > 0 else ""
    learnt = f"what they have learnt in {trained} since stays" if trained else "they have not been trained since"
    return f"This restores the settings, not the weights of the networks: {learnt}."
