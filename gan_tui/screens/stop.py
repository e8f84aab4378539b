"""The stop dialog: how to end a run, or not."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import keys_given
from gan_tui.state.plain_text import printable

How: TypeAlias = Literal["epoch", "save", "discard"]

_CHOICES: tuple[tuple[How, str, str, str], ...] = (
    ("epoch", "e", "Finish the epoch", "train to its end, write a checkpoint, stop"),
    ("save", "s", "Save and stop", "write a checkpoint now, stop"),
    ("discard", "k", "Kill", "stop at once; steps not saved are lost"),
)


class StopDialog(Dialog[How | None]):
    """Returns how to stop; None when the run is to go on."""

    How: TypeAlias = How
    CSS_PATH = "stop.tcss"
    FOCUSED = OptionList
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c,q", "dismiss(None)", "go on training", id="stop-close", show=False),
        *(Binding(key, f"choose('{how}')", label, id=f"stop-{how}", show=False) for how, key, label, _ in _CHOICES),
    ]

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def compose(self) -> ComposeResult:
        """A list of the ways, the harmless one first."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "stop"
            yield Static(Text(printable(f"How should {self._run} stop?")), id="question")
            keys = keys_given(self)
            yield OptionList(
                *(
                    Option(_prompt(keys.get(f"stop-{how}", key), label, told), id=how)
                    for how, key, label, told in _CHOICES
                ),
                Option(_prompt(keys.get("stop-close", "c"), "Cancel", "go on training"), id="cancel"),
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the way that was chosen from the list."""
        chosen = event.option.id
        self.dismiss(next((how for how, _, _, _ in _CHOICES if how == chosen), None))

    def action_choose(self, how: How) -> None:
        """Take the way whose key was pressed."""
        self.dismiss(how)


def _prompt(key: str, label: str, told: str) -> Text:
    return Text.assemble((f" {key} ", "bold"), (f" {label:<17}", "bold"), (told, "dim"))
