"""The list of runs: a line for each, as a tree, with as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias

from rich.cells import cell_len
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from gan_tui.state.wording import StateTone
from gan_tui.widgets.columns import cut_middle, left, right
from gan_tui.widgets.strips import text_strip

Span: TypeAlias = tuple[str, str]
"""Text and the component class of its style."""

STAR = "★"
MARK = "◆"
CURSOR = "▌"
GAP = 2
"""Cells between two columns."""
LEAST_NAME = 16
"""Cells that a name is left with, before columns make room for it."""
LEAST_LOSSES = 12
WHEEL = 3
"""Lines that a notch of the wheel moves."""


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """What is shown of a run; all of it printable."""

    key: str
    lead: str
    """Lines of the tree."""
    name: str
    starred: bool = False
    marked: bool = False
    symbol: str
    state: str
    tone: StateTone
    system: str
    step: str
    """Steps so far and in all."""
    share: str
    """How much of them, in percent."""
    active: str
    """How long ago something was recorded."""
    device: str
    losses: tuple[str, ...]
    """Each with its name."""


class _Column(NamedTuple):
    heading: str
    width: int
    to_the_right: bool = False


class RunTable(Widget, can_focus=True):
    """Shows lines; the cursor is on a run, wherever its line comes to be."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "runs--heading", "runs--name", "runs--lead", "runs--cell", "runs--faint", "runs--good", "runs--waiting",
        "runs--bad", "runs--plain", "runs--mark", "runs--cursor",
    }  # fmt: skip
    DEFAULT_CSS = """
    RunTable { height: 1fr; }
    RunTable .runs--heading { color: $faint; }
    RunTable .runs--name { color: $foreground; text-style: bold; }
    RunTable .runs--lead { color: $faint; }
    RunTable .runs--cell, RunTable .runs--plain { color: $foreground; }
    RunTable .runs--faint { color: $faint; }
    RunTable .runs--good { color: $success; }
    RunTable .runs--waiting { color: $warning; }
    RunTable .runs--bad { color: $error; }
    RunTable .runs--mark { color: $accent; text-style: bold; }
    RunTable .runs--cursor { background: $panel; color: $primary; text-style: bold; }
    """

    @dataclass
    class Highlighted(Message):
        """The cursor has come to a run; empty where there is none."""

        key: str

    class Chosen(Message):
        """The run under the cursor was clicked twice."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[RunLine, ...] = ()
        self._at = 0
        self._top = 0
        self._columns: tuple[_Column, ...] = ()
        self._name_width = 0
        self._drawn: list[tuple[Span, ...]] = []
        self._empty = ""

    # ------------------------------------------------------------------------------------------- data down

    @property
    def key(self) -> str:
        """The run under the cursor; empty where there is none."""
        return self._lines[self._at].key if self._lines else ""

    @property
    def place(self) -> tuple[int, int]:
        """Which line the cursor is on, from 1, and how many there are."""
        return (self._at + 1 if self._lines else 0), len(self._lines)

    def show(self, lines: Sequence[RunLine], empty: str) -> None:
        """Take the lines, or what to say in their place; the cursor stays on its run, or near where that was."""
        before = self.key
        self._lines, self._empty = tuple(lines), empty
        places = [place for place, line in enumerate(self._lines) if line.key == before]
        self._at = places[0] if places else max(0, min(self._at, len(self._lines) - 1))
        self._fit()
        self._redraw()
        if self.key != before:
            self.post_message(self.Highlighted(self.key))

    def move(self, by: int) -> None:
        """Move the cursor by so many lines, as far as there are any."""
        self.go_to(self._at + by)

    def go_to(self, place: int) -> None:
        """Put the cursor on a line, counted from 0."""
        at = max(0, min(place, len(self._lines) - 1))
        if at != self._at:
            self._at = at
            self._redraw()
            self.post_message(self.Highlighted(self.key))

    def go_to_key(self, key: str) -> None:
        """Put the cursor on a run, if it is there."""
        for place, line in enumerate(self._lines):
            if line.key == key:
                self.go_to(place)

    @property
    def page(self) -> int:
        """Lines that are seen at once."""
        return max(1, self.size.height - 1)

    # ------------------------------------------------------------------------------------------- mouse

    def on_click(self, event: events.Click) -> None:
        """Go to the line; twice chooses its run."""
        line = self._top + event.y - 1
        if event.y < 1 or line >= len(self._lines):
            return
        again = line == self._at and event.chain > 1
        self.go_to(line)
        if again:
            self.post_message(self.Chosen())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go down."""
        event.stop()
        self.move(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go up."""
        event.stop()
        self.move(-WHEEL)

    # ------------------------------------------------------------------------------------------- drawing

    def on_resize(self) -> None:
        """Show more columns, or fewer."""
        self._fit()
        self._redraw()

    def _fit(self) -> None:
        self._columns, self._name_width = columns_for(self._lines, self.size.width)

    def _redraw(self) -> None:
        """Draw the lines that are not as they are on the screen."""
        width, height = self.size
        if not width or not height:
            return
        page = max(1, height - 1)
        self._top = max(0, min(self._top, self._at, len(self._lines) - page))
        self._top = max(self._top, self._at - page + 1)
        before, self._drawn = self._drawn, [self._spans(y) for y in range(height)]
        for y in range(height):
            if y >= len(before) or before[y] != self._drawn[y]:
                self.refresh(Region(0, y, width, 1))

    def _spans(self, y: int) -> tuple[Span, ...]:
        if not self._lines:
            return ((f" {self._empty}", "runs--faint"),) if y == 1 else ()
        if y == 0:
            cells = [_set(column.heading, column) for column in self._columns]
            return ((_joined(f"   {left('run', self._name_width)}", cells), "runs--heading"),)
        place = self._top + y - 1
        if place >= len(self._lines):
            return ()
        line = self._lines[place]
        spans = (*self._name_spans(line, place == self._at), *self._cell_spans(line))
        return tuple((text, f"{name} runs--cursor") for text, name in spans) if place == self._at else spans

    def _name_spans(self, line: RunLine, is_under: bool) -> tuple[Span, ...]:
        mark = MARK if line.marked else STAR if line.starred else " "
        lead = line.lead[-max(0, self._name_width - LEAST_NAME) :] if line.lead else ""
        room = self._name_width - cell_len(lead)
        name = left(cut_middle(line.name, room), room)
        return (
            (CURSOR if is_under else " ", "runs--mark"),
            (f"{mark} ", "runs--mark"),
            (lead, "runs--lead"),
            (name, "runs--name"),
        )

    def _cell_spans(self, line: RunLine) -> tuple[Span, ...]:
        texts = _texts(line)
        spans = []
        for column in self._columns:
            tone = f"runs--{line.tone}" if column.heading == "state" else _TONES.get(column.heading, "runs--cell")
            text = _losses(line.losses, column.width) if column.heading == "losses" else texts[column.heading]
            spans.append((" " * GAP + _set(text, column), tone))
        return tuple(spans)

    def render_line(self, y: int) -> Strip:
        """One line, cut or padded to the width."""
        spans = self._drawn[y] if y < len(self._drawn) else ()
        ground = self.rich_style
        parts = []
        for text, names in spans:
            style = self.get_component_rich_style(names.split()[0])
            if names.endswith("runs--cursor"):
                ground = self.get_component_rich_style("runs--cursor")
                style = ground if names.startswith(("runs--name", "runs--mark")) else style + ground.background_style
            parts.append((text, style))
        return text_strip(parts, self.size.width, ground)


_TONES = {"active": "runs--faint", "device": "runs--faint", "system": "runs--cell"}


def _texts(line: RunLine) -> dict[str, str]:
    return {
        "state": f"{line.symbol} {line.state}",
        "system": line.system,
        "step": line.step,
        "%": line.share,
        "active": line.active,
        "device": line.device,
    }


_WANTED = ("state", "step", "active", "%", "system", "device")
"""Columns by importance; the first two are always there."""
_ORDER = ("state", "system", "step", "%", "active", "device")


def columns_for(lines: Sequence[RunLine], width: int) -> tuple[tuple[_Column, ...], int]:
    """The columns for a width in their order, and the cells that are left to names."""
    texts = [_texts(line) for line in lines]
    rights = ("step", "%", "active")
    found = {
        name: _Column(name, max([cell_len(name), *(cell_len(cells[name]) for cells in texts)]), name in rights)
        for name in _WANTED
    }
    names = max([LEAST_NAME, *(cell_len(line.lead) + cell_len(line.name) for line in lines)])
    room = width - 3
    kept: list[str] = []
    for place, name in enumerate(_WANTED):
        needed = sum(found[each].width + GAP for each in (*kept, name))
        if place > 1 and room - needed < (LEAST_NAME if place < 4 else min(names, 2 * LEAST_NAME)):
            break
        kept.append(name)
    used = sum(found[name].width + GAP for name in kept)
    columns = [found[name] for name in _ORDER if name in kept]
    left_over = room - used - names - GAP
    if left_over >= LEAST_LOSSES:
        return (*columns, _Column("losses", left_over)), names
    return tuple(columns), max(0, room - used)


def _losses(losses: Sequence[str], width: int) -> str:
    """As many as there is room for, whole."""
    shown = ""
    for each in losses:
        longer = f"{shown}  {each}" if shown else each
        if cell_len(longer) > width:
            break
        shown = longer
    return shown


def _set(text: str, column: _Column) -> str:
    return (right if column.to_the_right else left)(text, column.width)


def _joined(first: str, cells: Sequence[str]) -> str:
    return (" " * GAP).join((first, *cells))
