"""Dialogs with one line to type: a control's value, a note, a filter of series."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from engine.config.controls import Control
from engine.errors import RequestError
from engine.protocol.commands import MAX_TEXT
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import worded
from gan_tui.state.journal import number
from gan_tui.state.plain_text import printable
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.typed import TypedLine


class ValueDialog(Dialog[float | None]):
    """Returns a value that the control takes, or None."""

    CSS_PATH = "prompts.tcss"
    FOCUSED = TypedLine
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", id="value-close", show=False)]

    def __init__(self, control: Control, value: float) -> None:
        super().__init__()
        self._control = control
        self._value = value
        self._written = number(value)
        """It in a few digits: left as it is, it stands for the value itself."""

    def compose(self) -> ComposeResult:
        """What the control is, the field, and room for an objection."""
        control = self._control
        with Vertical(id="dialog") as dialog:
            entitle(dialog, control.name)
            entitle(dialog, subtitle=worded(self, "Enter prepare · {value-close|Esc} cancel"))
            yield Static(Text(printable(control.doc)), classes="told")
            yield Static(Text(f"{control.range_text()}; default {number(control.default)}"), classes="told")
            yield TypedLine(value=self._written, select_on_focus=True)
            yield Static("", id="objection")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the value, or say what is wrong with it."""
        if event.value == self._written:
            self.dismiss(self._value)
            return
        try:
            value = self._control.check(float(event.value))
        except ValueError:
            self._object(f"{event.value!r} is not a number. Give {self._control.range_text()}.")
        except RequestError as error:
            self._object(error.one_line())
        else:
            self.dismiss(value)

    def _object(self, objection: str) -> None:
        self.query_one("#objection", Static).update(Text(printable(objection)))


class NoteDialog(Dialog[str | None]):
    """Returns a remark, or None."""

    CSS_PATH = "prompts.tcss"
    FOCUSED = TypedLine
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", id="note-close", show=False)]

    def compose(self) -> ComposeResult:
        """The field."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "note"
            entitle(dialog, subtitle=worded(self, "Enter write · {note-close|Esc} cancel"))
            yield TypedLine(placeholder="a remark for the journal", max_length=MAX_TEXT)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the remark; an empty one is none."""
        self.dismiss(event.value.strip() or None)


class FilterDialog(Dialog[None]):
    """Hands on what is typed while it is typed; Escape puts back what was there before.

    Args:
        typed: that.
        told: hears every change.
        title: what is filtered.
        example: of what may be typed.
    """

    CSS_PATH = "prompts.tcss"
    FOCUSED = TypedLine
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "put_back", "cancel", id="filter-close", show=False)]

    def __init__(
        self, typed: str, told: Callable[[str], None], title: str = "filter series", example: str = "cycle D"
    ) -> None:
        super().__init__()
        self._before = typed
        self._told = told
        self._title = title
        self._example = example

    def compose(self) -> ComposeResult:
        """The field, low on the screen, where it hides least of the curves."""
        with Vertical(id="dialog") as dialog:
            entitle(dialog, self._title)
            entitle(dialog, subtitle=worded(self, "Enter keep · {filter-close|Esc} put back"))
            yield TypedLine(self._before, placeholder=self._example, select_on_focus=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what is left."""
        self._told(event.value)

    def on_input_submitted(self) -> None:
        """Keep it."""
        self.dismiss()

    def action_put_back(self) -> None:
        """Have it as it was."""
        self._told(self._before)
        self.dismiss()
