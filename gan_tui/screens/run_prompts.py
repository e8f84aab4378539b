"""Dialogs of the runs browser: a line to type, and the question before a deletion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import keys_given, worded
from gan_tui.state.option_words import without_options
from gan_tui.state.plain_text import printable
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.typed import TypedLine
from gan_tui.worker_edge import failure_told


class LineDialog(Dialog[str | None]):
    """Returns what was typed, perhaps nothing; None where the user thought better of it.

    Args:
        title: what it is for.
        told: one line above the field; empty for none.
        example: shown in the empty field.
        does: what Enter does.
        typed: what is in the field at first.
        most: characters that may be typed.
        check: raises GanTuiError where a line will not do, which is said below the field; it may read files.
    """

    CSS_PATH = "run_prompts.tcss"
    FOCUSED = TypedLine
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", id="line-close", show=False)]

    @dataclass
    class Checked(Message):
        """A worker has looked at a line."""

        typed: str
        objection: str
        """Why it will not do; empty where it will."""

    def __init__(
        self,
        title: str,
        told: str,
        example: str,
        does: str,
        *,
        typed: str = "",
        most: int = 2000,
        check: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._told = told
        self._example = example
        self._does = does
        self._typed = typed
        self._most = most
        self._check = check
        self._objection = Static(id="objection")

    def compose(self) -> ComposeResult:
        """The field."""
        with Vertical(id="dialog") as dialog:
            entitle(dialog, self._title, worded(self, f"Enter {self._does} · {{line-close|Esc}} cancel"))
            if self._told:
                yield Static(Text(self._told), classes="told")
            yield TypedLine(
                printable(self._typed), placeholder=self._example, max_length=self._most, select_on_focus=False
            )
            yield self._objection

    def on_mount(self) -> None:
        """Begin without an objection."""
        self._object("")

    def on_input_changed(self) -> None:
        """Take back what was said of another line."""
        self._object("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return it, once it is checked."""
        if self._check is None:
            self.dismiss(event.value.strip())
        else:
            self._look(event.value.strip(), self._check)

    @work(thread=True, exclusive=True, group="check", name="check a line")
    def _look(self, typed: str, check: Callable[[str], None]) -> None:
        with failure_told("It cannot be looked at", lambda reason: self.post_message(self.Checked(typed, reason))):
            check(typed)
            self.post_message(self.Checked(typed, ""))

    @on(Checked)
    def answer(self, message: Checked) -> None:
        """Return the line, or say why not; nothing where another is typed by now."""
        message.stop()
        if message.typed != self.query_one(Input).value.strip():
            return
        if message.objection:
            self._object(message.objection)
        else:
            self.dismiss(message.typed)

    def _object(self, text: str) -> None:
        self._objection.display = bool(text)
        self._objection.update(Text(printable(without_options(text))))


class DeleteDialog(Dialog[bool]):
    """Returns whether the run is to be deleted.

    Args:
        name: the run's.
        told: what would go with it, a sentence a line.
    """

    CSS_PATH = "run_prompts.tcss"
    FOCUSED = OptionList
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,n", "dismiss(False)", "keep", id="delete-close", show=False),
        Binding("D", "dismiss(True)", "delete", id="delete-confirm", show=False),
    ]

    def __init__(self, name: str, told: Sequence[str]) -> None:
        super().__init__()
        self._name_of_run = name
        self._told = told

    def compose(self) -> ComposeResult:
        """What would go, and a list of both answers, the harmless one first."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "delete"
            entitle(dialog, subtitle=worded(self, "{delete-close|Esc} keep"))
            yield Static(Text(printable(f"Delete {self._name_of_run}?")), id="question")
            for line in self._told:
                yield Static(Text(printable(line)), classes="told")
            keys = keys_given(self)
            keep, delete = keys.get("delete-close", "n"), keys.get("delete-confirm", "D")
            yield OptionList(
                Option(_prompt(keep, "Keep it"), id="keep"), Option(_prompt(delete, "Delete it"), id="delete")
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the answer."""
        self.dismiss(event.option.id == "delete")


def _prompt(key: str, label: str) -> Text:
    return Text.assemble((f" {key} ", "bold"), (f" {label}", "bold"))
