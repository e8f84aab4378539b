"""The control panel: the values in force, those staged for a later step, and what an undo restores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from engine.config.controls import Control
from engine.errors import RequestError
from engine.protocol.events import Change, StagedChange


class Nudge(msgspec.Struct, frozen=True, kw_only=True):
    """Changes made together."""

    seq: int
    """The number of their event; 0 when that is in the record of a branch's parent."""
    changes: tuple[Change, ...]


class PanelState(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint keeps of a panel."""

    values: dict[str, float]
    staged: tuple[StagedChange, ...]
    history: tuple[Nudge, ...]


class ControlPanel:
    """Holds values and knows their rules; what a change means for training is the loop's business."""

    def __init__(self, controls: Iterable[Control]) -> None:
        self._controls = {control.name: control for control in controls}
        self.values = {name: control.default for name, control in self._controls.items()}
        self.staged: tuple[StagedChange, ...] = ()
        self.history: list[Nudge] = []
        """Nudges that an undo can take back, oldest first."""

    def check(self, values: Mapping[str, float]) -> dict[str, float]:
        """The values, each as its control takes it.

        Raises:
            RequestError: there is no such control, or a value does not suit it.
        """
        if not values:
            raise RequestError("set", "names no control", "Name at least one.")
        unknown = [name for name in values if name not in self._controls]
        if unknown:
            name = unknown[0] or "a control without a name"
            raise RequestError(name, "is not a control of this run", f"Controls: {', '.join(self._controls)}.")
        return {name: self._controls[name].check(value) for name, value in values.items()}

    def changes_to(self, values: Mapping[str, float]) -> tuple[Change, ...]:
        """How the values differ from those in force."""
        return tuple(
            Change(name=name, old=self.values[name], new=value)
            for name, value in values.items()
            if value != self.values[name]
        )

    def make(self, changes: tuple[Change, ...], seq: int) -> None:
        """Put changes into force and remember them for undo."""
        self.values.update({change.name: change.new for change in changes})
        self.history.append(Nudge(seq=seq, changes=changes))

    def reversal(self) -> tuple[int, tuple[Change, ...]]:
        """The newest nudge not yet undone: its number, and the changes that restore what it replaced.

        Raises:
            RequestError: there is none.
        """
        if not self.history:
            raise RequestError("undo", "finds no nudge to take back", "Nothing was changed.")
        newest = self.history[-1]
        restored = {change.name: change.old for change in newest.changes}
        return newest.seq, self.changes_to(restored)

    def unmake(self, changes: tuple[Change, ...]) -> None:
        """Put an undo's changes into force and forget the nudge they reverse."""
        self.values.update({change.name: change.new for change in changes})
        self.history.pop()

    def stage(self, change: StagedChange) -> None:
        """Keep a change for its step; of equal steps, the first to come is the first to be made."""
        self.staged = tuple(sorted((*self.staged, change), key=lambda staged: staged.at_step))

    def take_due(self, step: int) -> tuple[StagedChange, ...]:
        """The staged changes whose step has come; they are staged no more."""
        due = tuple(staged for staged in self.staged if staged.at_step <= step)
        self.staged = self.staged[len(due) :]
        return due

    @property
    def state(self) -> PanelState:
        """What a checkpoint keeps."""
        return PanelState(values=dict(self.values), staged=self.staged, history=tuple(self.history))

    def restore(self, state: PanelState, *, of_parent: bool) -> None:
        """Return to a checkpoint's values; controls it does not know keep theirs.

        Args:
            state: what the checkpoint kept.
            of_parent: whether it is the parent's, in whose record the numbers of its nudges are.
        """
        known = {name: value for name, value in state.values.items() if name in self._controls}
        self.values.update(known)
        self.staged = state.staged
        self.history = [Nudge(seq=0, changes=old.changes) if of_parent else old for old in state.history]
