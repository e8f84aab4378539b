"""The table of a run's checkpoints, newest first, with as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from rich.style import Style
from rich.text import Text
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from engine.sizes import size_text
from gan_tui.state.axes import reading
from gan_tui.state.figures import figure_text
from gan_tui.state.plain_text import printable
from gan_tui.state.wording import duration

STAR = "★"
PADDING = 2
"""Columns that a cell takes beside its text."""

Mark: TypeAlias = Literal["", "best", "damaged", "unreadable"]

_TONES: dict[Mark, str] = {
    "": "checkpoints--plain",
    "best": "checkpoints--good",
    "damaged": "checkpoints--bad",
    "unreadable": "checkpoints--bad",
}


@dataclass(frozen=True, kw_only=True)
class CheckpointRow:
    """One line of the table; of a checkpoint that cannot be read nothing but its step is known."""

    key: str
    step: int
    starred: bool = False
    noted: bool = False
    """Whether something is written down about it."""
    mark: Mark = ""
    epoch: int | None = None
    age: float | None = None
    """Seconds."""
    size: int | None = None
    reason: str = ""
    objective: float | None = None
    losses: dict[str, float | None] = field(default_factory=dict)
    figures: dict[str, float | None] = field(default_factory=dict)
    """Measured by evaluations."""


class _Column(NamedTuple):
    heading: str
    cells: tuple[str, ...]
    left: bool = False

    @property
    def width(self) -> int:
        return self.letters + PADDING

    @property
    def frame(self) -> tuple[str, int]:
        """What of it is no row's own."""
        return self.heading, self.letters

    @property
    def letters(self) -> int:
        return max(len(self.heading), *(len(cell) for cell in self.cells))

    def placed(self, text: str, style: Style | str = "") -> Text:
        """The text in its place within the column."""
        return Text(printable(text.ljust(self.letters) if self.left else text.rjust(self.letters)), style)


class CheckpointTable(DataTable[Text]):
    """Lists rows; a row's key is what it was given."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"checkpoints--plain", "checkpoints--good", "checkpoints--bad"}
    DEFAULT_CSS = """
    CheckpointTable { height: auto; scrollbar-size: 1 1; }
    CheckpointTable .checkpoints--plain { color: $accent; }
    CheckpointTable .checkpoints--good { color: $success; }
    CheckpointTable .checkpoints--bad { color: $error; }
    """

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, cursor_foreground_priority="renderable")
        self._rows: tuple[CheckpointRow, ...] = ()
        self._shown: tuple[_Column, ...] = ()
        self._going_to = ""
        """The row that the cursor is to be on when there is room for rows."""

    def show_rows(self, rows: Sequence[CheckpointRow]) -> None:
        """Take the rows, newest first; the cursor stays on its checkpoint, wherever that comes to be."""
        self._rows = tuple(rows)
        self._fill()

    def on_resize(self) -> None:
        """Show more columns, or fewer."""
        self._fill()

    def go_to(self, key: str) -> None:
        """Put the cursor on a row."""
        if not self._shown:
            self._going_to = key
        for place, row in enumerate(self._rows):
            if row.key == key:
                self.move_cursor(row=place)

    def _fill(self) -> None:
        shown = _fitting(self._rows, self.size.width) if self._rows and self.size.width else ()
        if shown == self._shown:
            return
        before, self._shown = self._shown, shown
        under, listed = self.cursor_row, [row.key.value for row in self.ordered_rows]
        was_on = listed[under] if listed else None
        on, self._going_to = self._going_to or was_on, ""
        keys = [row.key for row in self._rows] if shown else []
        if keys == listed and [column.frame for column in shown] == [column.frame for column in before]:
            self._renew()
            return
        with self.prevent(self.RowHighlighted):  # the cursor is on the first row for a moment
            self._fill_anew()
            self.move_cursor(row=keys.index(on) if on in keys else min(under, len(keys) - 1))
        if keys and keys[self.cursor_row] != was_on:
            self.post_message(self.RowHighlighted(self, self.cursor_row, self.ordered_rows[self.cursor_row].key))

    def _renew(self) -> None:
        """Show what has changed of the same rows in the same columns."""
        for place in range(self.row_count):
            for across, cell in enumerate(self._cells(place)):
                if cell != self.get_cell_at(Coordinate(place, across)):
                    self.update_cell_at(Coordinate(place, across), cell)

    def _fill_anew(self) -> None:
        self.clear(columns=True)
        for column in self._shown:
            self.add_column(column.placed(column.heading))
        if self._shown:
            for place, row in enumerate(self._rows):
                self.add_row(*self._cells(place), key=row.key)

    def _cells(self, place: int) -> list[Text]:
        style = self.get_component_rich_style(_TONES[self._rows[place].mark], partial=True)
        return [column.placed(column.cells[place], style if column.heading == "" else "") for column in self._shown]


def _fitting(rows: Sequence[CheckpointRow], width: int) -> tuple[_Column, ...]:
    """The columns for a width, in their order; the first four are always there."""
    step = _Column("step", tuple(f"{row.step:,}" for row in rows))
    marks = _Column("", tuple(_marks(row) for row in rows), left=True)
    epoch = _Column("epoch", tuple("–" if row.epoch is None else str(row.epoch) for row in rows))
    age = _Column("age", tuple("–" if row.age is None else duration(max(0.0, row.age)) for row in rows))
    objective = _Column("objective", tuple(_number(row.objective) for row in rows))
    why = _Column("why", tuple(row.reason for row in rows), left=True)
    size = _Column("size", tuple("–" if row.size is None else size_text(row.size) for row in rows))
    measured = dict.fromkeys(name for row in rows for name in row.figures)
    figures = [_Column(name, tuple(_figure(name, row.figures) for row in rows)) for name in measured]
    names = dict.fromkeys(name for row in rows for name in row.losses)
    losses = [_Column(name, tuple(_number(row.losses.get(name)) for row in rows)) for name in names]
    order = [step, marks, epoch, age, size, why, objective, *figures, *losses]
    used = sum(column.width for column in (step, marks, epoch, age))
    kept = {0, 1, 2, 3}
    for column in (objective, *figures, why, size, *losses):
        if used + column.width > width:
            break
        used += column.width
        kept.add(next(place for place, each in enumerate(order) if each is column))
    return tuple(column for place, column in enumerate(order) if place in kept)


def _marks(row: CheckpointRow) -> str:
    return " ".join(word for word in (STAR if row.starred else "", row.mark, "note" if row.noted else "") if word)


def _figure(name: str, figures: Mapping[str, float | None]) -> str:
    return figure_text(name, figures[name]) if name in figures else "–"


def _number(value: float | None) -> str:
    return "–" if value is None else reading(value)
