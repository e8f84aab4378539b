"""The journal pane: what happened, newest at the bottom, scrollable back."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import ClassVar

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gan_tui.state.journal import JournalEntry, JournalKind
from gan_tui.widgets.strips import text_strip

SYMBOLS: dict[JournalKind, str] = {
    "life": "·",
    "nudge": "▼",
    "pause": "‖",
    "checkpoint": "◆",
    "alert": "!",
    "recovered": "✔",
    "note": "✎",
    "error": "✖",
}


class JournalPane(ScrollView, can_focus=True):
    """One line for each entry: time, step, what; it stays at the end unless scrolled back."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "journal--faint",
        "journal--text",
        "journal--nudge",
        "journal--alert",
        "journal--error",
    }
    DEFAULT_CSS = """
    JournalPane {
        height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    JournalPane .journal--faint { color: $faint; }
    JournalPane .journal--text { color: $foreground; }
    JournalPane .journal--nudge { color: $accent; }
    JournalPane .journal--alert { color: $warning; text-style: bold; }
    JournalPane .journal--error { color: $error; text-style: bold; }
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        super().__init__()
        self._zone = zone
        self._entries: tuple[JournalEntry, ...] = ()

    def show(self, entries: tuple[JournalEntry, ...]) -> None:
        """Take the journal's newest entries, oldest first."""
        if entries is self._entries or entries == self._entries:
            return
        at_end = self.scroll_offset.y >= self.max_scroll_y
        grown = entries[: len(self._entries)] == self._entries
        first_new = len(self._entries)
        self._entries = entries
        self.virtual_size = Size(self.size.width, len(entries))
        if at_end and self.max_scroll_y > self.scroll_offset.y:
            self._go_to_end()
            self.refresh()
        elif grown:
            self.refresh(Region(0, first_new - self.scroll_offset.y, self.size.width, len(entries) - first_new))
        else:
            self.refresh()

    def on_resize(self) -> None:
        """Stay at the end."""
        self.virtual_size = Size(self.size.width, len(self._entries))
        self._go_to_end()

    def _go_to_end(self) -> None:
        """There may be no scroll bar yet, and Textual tells only one that is shown where to stand."""
        self.scroll_end(animate=False, immediate=True, force=True)
        self.call_after_refresh(self._place_bar)

    def _place_bar(self) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self.scroll_y

    def render_line(self, y: int) -> Strip:
        """One entry."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if index >= len(self._entries):
            return Strip.blank(width, self.rich_style)
        entry = self._entries[index]
        pen = self.get_component_rich_style
        clock = _clock_text(entry.time, self._zone)
        head = f"{clock} {entry.step:>9,} " if width >= 50 else f"{clock} "
        room = width - len(head) - 2
        text = entry.text if len(entry.text) <= room else entry.text[: max(0, room - 1)] + "…"
        style = pen(_style_name(entry.kind))
        line = [
            (head, pen("journal--faint")),
            (f"{SYMBOLS[entry.kind]} ", style),
            (text, style),
        ]
        return text_strip(line, width, self.rich_style)


def _clock_text(time: float, zone: tzinfo | None) -> str:
    try:
        return datetime.fromtimestamp(time, zone).strftime("%H:%M:%S")
    except (ValueError, OverflowError, OSError):  # no time of any clock: the line is damaged
        return "--:--:--"


def _style_name(kind: JournalKind) -> str:
    match kind:
        case "nudge" | "note":
            return "journal--nudge"
        case "alert":
            return "journal--alert"
        case "error":
            return "journal--error"
        case "life" | "pause" | "checkpoint" | "recovered":
            return "journal--text"
