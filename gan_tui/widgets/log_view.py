"""The lines of a log, wrapped to the width; it stays at the end unless scrolled back, and marks what was searched."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.cells import cell_len, chop_cells
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gan_tui.state.log_lines import Log, level_of, matching_lines, next_match, parts_of, stamp_length
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.strips import text_strip

LONGEST = 4000
"""Characters of a line that are shown: what is longer was not written for people."""


class Row(NamedTuple):
    """A row of the screen."""

    place: int
    """Of its line."""
    text: str
    stamp: int = 0
    """How many characters at its beginning are a date and a time."""


class LogView(ScrollView, can_focus=True):
    """Shows what it is given last."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log--plain",
        "log--warning",
        "log--error",
        "log--match",
        "log--current",
        "log--faint",
        "log--empty",
    }
    DEFAULT_CSS = """
    LogView {
        height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable; background: $surface;
    }
    LogView .log--plain { color: $foreground; background: $surface; }
    LogView .log--warning { color: $warning; background: $surface; }
    LogView .log--error { color: $error; background: $surface; }
    LogView .log--match { text-style: underline; color: $primary; background: $panel; }
    LogView .log--current { text-style: bold reverse; color: $primary; background: $surface; }
    LogView .log--faint { color: $faint; background: $surface; }
    LogView .log--empty { color: $faint; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._log = Log()
        self._rows: list[Row] = []
        self._width = 0
        self._typed = ""
        self._matches: list[int] = []
        self._current: int | None = None
        """The line of the match that was gone to."""

    @property
    def follows(self) -> bool:
        """Whether the newest line is in view, and stays so."""
        return self.scroll_offset.y >= self.max_scroll_y

    @property
    def finding(self) -> str:
        """What the search has come to, in words; empty where nothing is searched."""
        if not self._typed:
            return ""
        if not self._matches:
            return f"no line has {self._typed!r}"
        place = f"{self._matches.index(self._current) + 1}/" if self._current in self._matches else ""
        return f"/{self._typed} {place}{len(self._matches)}"

    def show(self, log: Log) -> None:
        """Take the log as it is known now."""
        follows = self.follows
        before, self._log = self._log, log
        kept = len(before.lines) - before.unfinished
        grown = (
            log.lines[: len(before.lines) - before.unfinished] == before.lines[: len(before.lines) - before.unfinished]
        )
        self._find()
        if grown and self._width:
            while self._rows and self._rows[-1].place >= kept:
                self._rows.pop()
            self._wrap(kept)
        else:
            self._lay_out()
        self._resized()
        if follows:
            self.go_to_end()
        self.refresh()

    def search(self, typed: str) -> None:
        """Mark what was typed, and go to the newest line that has it."""
        self._typed = typed
        self._current = None
        self._find()
        self._go(-1, begin=len(self._log.lines))
        self.refresh()

    def go_to_match(self, by: int) -> None:
        """Go to the next line that has what was typed, or with -1 to the one before."""
        self._go(by, begin=-1 if self._current is None else self._current)
        self.refresh()

    def go_to_end(self) -> None:
        """Show the newest line, and stay there."""
        self.scroll_end(animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        """Wrap anew; who read the newest line still does."""
        follows = self.follows
        width = self.scrollable_content_region.width
        if width != self._width:
            self._lay_out()
            self._resized()
        if follows:
            self.go_to_end()

    def render_line(self, y: int) -> Strip:
        """A row, or in the middle of an empty log what there is to say."""
        width, place = self.size.width, y + self.scroll_offset.y
        if not self._rows:
            text = _said_of(self._log) if y == self.size.height // 2 else ""
            style = self.get_component_rich_style("log--empty")
            return text_strip([(text[:width].center(width), style)], width, self.rich_style)
        if place >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[place]
        plain = self.get_component_rich_style(f"log--{level_of(self._log.lines[row.place])}")
        marked = self.get_component_rich_style("log--current" if row.place == self._current else "log--match")
        faint = self.get_component_rich_style("log--faint")
        parts: list[tuple[str, Style | None]] = [
            (text, marked if matches else style)
            for shown, style in ((row.text[: row.stamp], faint), (row.text[row.stamp :], plain))
            for text, matches in parts_of(shown, self._typed)
        ]
        return text_strip(parts, width, self.rich_style)

    # ------------------------------------------------------------------------------------------- inside

    def _find(self) -> None:
        self._matches = matching_lines(self._log.lines, self._typed)
        if self._current not in self._matches:
            self._current = None

    def _go(self, by: int, begin: int) -> None:
        self._current = next_match(self._matches, begin, by)
        if self._current is None:
            return
        row = next(at for at, row in enumerate(self._rows) if row.place == self._current)
        self.scroll_to(y=max(0, row - self.size.height // 2), animate=False)

    def _lay_out(self) -> None:
        self._rows = []
        self._width = self.scrollable_content_region.width
        self._wrap(0)

    def _wrap(self, begin: int) -> None:
        for place in range(begin, len(self._log.lines)):
            first, *rest = wrapped(self._log.lines[place], self._width)
            self._rows.append(Row(place, first, stamp_length(first)))
            self._rows.extend(Row(place, text) for text in rest)

    def _resized(self) -> None:
        self.virtual_size = Size(self._width, len(self._rows))


def wrapped(line: str, width: int) -> list[str]:
    """A line on as many rows as it takes, broken between words where that leaves no row half empty."""
    width = max(1, width)
    line = clipped(line, LONGEST)
    rows = []
    while cell_len(line) > width:
        head = chop_cells(line[: width + 1], width)[0] or line[0]
        gap = head.rfind(" ")
        cut = gap + 1 if gap >= len(head) // 2 and line[len(head)] != " " else len(head)
        rows.append(line[:cut])
        line = line[cut:].lstrip(" ")
    return [*rows, line] if line or not rows else rows


def _said_of(log: Log) -> str:
    if not log.read:
        return "reading engine.log…"
    if log.trouble:
        return f"engine.log cannot be read: {log.trouble}. A run of another machine keeps it there."
    return "engine.log is empty: the engine has had nothing to say."
