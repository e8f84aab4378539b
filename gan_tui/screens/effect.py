"""The screen that shows what changed since a nudge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from gan_tui.screens.dialog import Dialog
from gan_tui.screens.following import FollowingScreen
from gan_tui.screens.worded import worded
from gan_tui.state import effect_words as words
from gan_tui.state.effect import LEAST_LINES, Effect, effect_of
from gan_tui.state.history import History
from gan_tui.state.plain_text import printable
from gan_tui.state.run_view import RunView
from gan_tui.widgets.frames import entitle

NONE = "No control of this run has been moved yet. Nudge one, and come back when some lines of metrics are written."
READING = "The record is still being read: what is shown rests on samples of it."


GAP = 2
"""Blanks between columns."""


class EffectScreen(Dialog[None], FollowingScreen[None]):
    """Follows the run while it is open; older nudges can be looked at one after another."""

    CSS_PATH = "effect.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,e,enter", "dismiss(None)", "close", id="effect-close", show=False),
        Binding("comma,left_square_bracket,left", "step(1)", "older nudge", id="effect-older", show=False),
        Binding("full_stop,right_square_bracket,right", "step(-1)", "newer nudge", id="effect-newer", show=False),
    ]

    def __init__(self, view: RunView, history: History) -> None:
        super().__init__()
        self._view = view
        self._history = history
        self._back = 0
        """Nudges between the one shown and the newest."""
        self._known: tuple[object, ...] = ()
        """What is known of the run that is of use here; what is drawn follows from it."""
        self._drawn: tuple[Effect | None, bool] | None = None
        """That, and whether it rests on samples of the record."""

    def compose(self) -> ComposeResult:
        """Which nudge, which lines, a row for each loss, and how to read them."""
        with VerticalScroll(id="effect") as scroll:
            scroll.border_title = "what changed since the nudge"
            yield Static(id="headline")
            yield Static(id="subline", classes="told")
            yield Static(id="windows", classes="told")
            yield Static(id="problem")
            yield Static(id="table")
            yield Static(id="notes", classes="told")

    def on_mount(self) -> None:
        """Draw what is known."""
        self._draw()

    def show(self, view: RunView) -> None:
        """Take the run's newest view; what does not change what is said is not drawn."""
        self._view = view
        self._draw()

    def action_step(self, by: int) -> None:
        """Go to an older nudge, or to a newer one."""
        effect, _ = self._drawn or (None, False)
        if effect is not None:
            self._back = max(0, min(self._back + by, effect.places - 1))
            self._draw()

    def _draw(self) -> None:
        known = (self._view.nudges, self._view.weighed_by, self._back, self._history.version, self._history.coarse)
        if known == self._known:
            return
        self._known = known
        effect, coarse = self._effect(), self._history.coarse
        if (effect, coarse) == self._drawn:
            return
        self._drawn = effect, coarse
        has_rows = effect is not None and bool(effect.rows)
        place = f"{effect.place} of {effect.places} · " if effect else ""
        step = "{effect-older|,} older · {effect-newer|.} newer · " if effect else ""
        keys = f"{place}{step}{{effect-close|Esc}} close"
        entitle(self.query_one("#effect"), subtitle=worded(self, keys))
        self._put("headline", words.headline(effect) if effect else NONE)
        self._put("subline", words.subline(effect) if effect else "")
        self._put("windows", words.windows(effect) if effect else "")
        problem = effect.problem if effect else ""
        self._put("problem", READING if coarse and not problem else problem)
        table = self.query_one("#table", Static)
        table.display = has_rows
        if effect is not None and has_rows:
            table.update(FittingTable(effect))
        self._put("notes", words.notes(effect) if effect is not None and has_rows else "")

    def _effect(self) -> Effect | None:
        nudges = self._view.nudges
        if not nudges:
            return None
        at = nudges[max(0, len(nudges) - 1 - self._back)].step
        names, course = self._history.course_of("loss", at, LEAST_LINES)
        return effect_of(nudges, names, course, self._view.weighed_by, self._back)

    def _put(self, name: str, text: str) -> None:
        line = self.query_one(f"#{name}", Static)
        line.display = bool(text)
        line.update(Text(printable(text)))


@dataclass(frozen=True)
class FittingTable:
    """The rows of an effect, with as many of the columns as there is room for: none is cut."""

    effect: Effect

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table on as many columns as the console has."""
        yield _table(self.effect, options.max_width)


def _table(effect: Effect, room: int) -> Table:
    heading, *rows = _fitting(words.table(effect), room)
    table = Table.grid(padding=(0, GAP))
    for column in heading:
        table.add_column(justify="left" if column in ("loss", "verdict") else "right", no_wrap=True)
    table.add_row(*(Text(column, "dim") for column in heading))
    for row, cells in zip(effect.rows, rows, strict=True):
        bold = "bold" if row.verdict in ("higher", "lower") else ""
        table.add_row(*(Text(cell, bold) for cell in cells))
    return table


def _fitting(rows: list[tuple[str, ...]], room: int) -> list[tuple[str, ...]]:
    """The rows, below their heading, without the columns for which there is no room."""
    for name in words.DISPENSABLE:
        widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
        if sum(widths) + GAP * (len(widths) - 1) <= room:
            break
        if name in rows[0]:
            place = rows[0].index(name)
            rows = [row[:place] + row[place + 1 :] for row in rows]
    return rows
