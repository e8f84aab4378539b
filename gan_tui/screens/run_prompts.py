"""Dialogs of the runs browser: a line to type, and the question before a deletion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from gan_tui.screens.dialog import Dialog
from gan_tui.state.plain_text import printable
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.typed import TypedLine


class LineDialog(Dialog[str | None]):
    """Returns what was typed, perhaps nothing; None where the user thought better of it.

    Args:
        title: what it is for.
        told: one line above the field; empty for none.
        example: shown in the empty field.
        keys: what Enter and Escape do.
        typed: what is in the field at first.
        most: characters that may be typed.
    """

    CSS_PATH = "run_prompts.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]

    def __init__(self, title: str, told: str, example: str, keys: str, *, typed: str = "", most: int = 2000) -> None:
        super().__init__()
        self._title = title
        self._told = told
        self._example = example
        self._keys = keys
        self._typed = typed
        self._most = most

    def compose(self) -> ComposeResult:
        """The field."""
        with Vertical(id="dialog") as dialog:
            entitle(dialog, self._title, self._keys)
            if self._told:
                yield Static(Text(self._told), classes="told")
            yield TypedLine(
                printable(self._typed), placeholder=self._example, max_length=self._most, select_on_focus=False
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return it."""
        self.dismiss(event.value.strip())


class DeleteDialog(Dialog[bool]):
    """Returns whether the run is to be deleted.

    Args:
        name: the run's.
        told: what would go with it, a sentence a line.
    """

    CSS_PATH = "run_prompts.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,n", "dismiss(False)", "keep", show=False),
        Binding("D", "dismiss(True)", "delete", show=False),
    ]

    def __init__(self, name: str, told: Sequence[str]) -> None:
        super().__init__()
        self._name_of_run = name
        self._told = told

    def compose(self) -> ComposeResult:
        """What would go, and a list of both answers, the harmless one first."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "delete"
            dialog.border_subtitle = "Esc keep"
            yield Static(Text(printable(f"Delete {self._name_of_run}?")), id="question")
            for line in self._told:
                yield Static(Text(printable(line)), classes="told")
            yield OptionList(Option(_prompt("n", "Keep it"), id="keep"), Option(_prompt("D", "Delete it"), id="delete"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the answer."""
        self.dismiss(event.option.id == "delete")


def _prompt(key: str, label: str) -> Text:
    return Text.assemble((f" {key} ", "bold"), (f" {label}", "bold"))
