"""The dialog before control is taken over from another viewer."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from engine.protocol.events import Holder
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import worded
from gan_tui.state.plain_text import printable
from gan_tui.widgets.frames import entitle


class TakeOverDialog(Dialog[bool]):
    """Returns whether control is to be taken over."""

    CSS_PATH = "takeover.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss(True)", "take over", id="take-over-confirm", show=False),
        Binding("escape,q,n", "dismiss(False)", "leave it", id="take-over-close", show=False),
    ]

    def __init__(self, holder: Holder) -> None:
        super().__init__()
        self._holder = holder

    def compose(self) -> ComposeResult:
        """Who holds control, and what becomes of them."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "take over control"
            keys = "{take-over-confirm|Enter} take over · {take-over-close|Esc} leave it"
            entitle(dialog, subtitle=worded(self, keys))
            yield Static(Text(printable(f"{self._holder.words} holds control of this run.")), id="question")
            told = (
                "If you take it over they are told at once, and can only watch until they take it back. What they have "
                "prepared and not sent stays theirs; what they have sent stays in force. The journal names you."
            )
            yield Static(Text(told), classes="told")
