"""The help screen: every key of the action table, and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from gan_tui.actions.action import ActionOn
from gan_tui.actions.table import grouped
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import keys_given, worded
from gan_tui.state.key_names import shown_keys
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.journal import SYMBOLS as JOURNAL_SYMBOLS
from gan_tui.widgets.plot_painter import SYMBOLS as PLOT_SYMBOLS

KEYS = 9
"""Columns for keys, at least."""


if TYPE_CHECKING:
    from gan_tui.screens.key_lists import ScreenKey


class HelpScreen(Dialog[None]):
    """Lists the keys; any of the usual ones closes it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "dismiss(None)", "close", id="help-close", show=False)
    ]

    def __init__(
        self,
        actions: Sequence[ActionOn[Any]],
        *,
        ascii: bool = False,  # noqa: A002
        signs: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        """``actions`` have the keys that are in force; ``ascii`` says whether nothing else may be drawn; ``signs`` are
        what the screen draws: None for the dashboard's."""
        super().__init__()
        self._actions = actions
        self._ascii = ascii
        self._signs_of_screen = _signs() if signs is None else list(signs)

    def compose(self) -> ComposeResult:
        """One table for each group of actions and for each other screen, then the signs."""
        from gan_tui.screens.key_lists import keys_of_screens  # imports every screen

        with VerticalScroll(id="help") as scroll:
            scroll.border_title = "every key"
            entitle(scroll, subtitle=worded(self, "{help-close|Esc} close · ↑ ↓ scroll"))
            for group, actions in grouped(self._actions):
                yield Static(Text(group), classes="group")
                yield Static(_table([(action.shown, action.help) for action in actions]))
            for screen in keys_of_screens():
                yield Static(Text(screen.title), classes="group")
                yield Static(_table([(self._shown(key), key.label) for key in screen.keys]))
            yield Static(Text("Signs"), classes="group")
            yield Static(_table(self._signs_of_screen))

    def _shown(self, key: ScreenKey) -> str:
        return keys_given(self).get(key.id) or shown_keys(key.keys, ascii=self._ascii)


def _table(rows: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=max(KEYS, *(len(key) for key, _ in rows)), justify="right", style="bold")
    table.add_column(ratio=1)
    for key, told in rows:
        table.add_row(Text(key), Text(told))
    return table


def _signs() -> list[tuple[str, str]]:
    marks = "  ".join(f"{symbol} {kind}" for kind, symbol in PLOT_SYMBOLS.items())
    lines = "  ".join(f"{symbol} {kind}" for kind, symbol in JOURNAL_SYMBOLS.items())
    return [("plot", f"{marks}  × a value that was not finite"), ("journal", lines)]
