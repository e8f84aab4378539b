"""A fixed number of text lines of which only those that change are drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from gan_tui.widgets.strips import text_strip

Span: TypeAlias = tuple[str, str]
"""Text and the component class of its style, with ``@`` and a Textual action for what a click on it runs; plain text,
never markup."""


class Lines(Widget):
    """Shows what ``lines`` says; subclasses take their data, then ``redraw``."""

    def __init__(self, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._lines: list[Sequence[Span]] = []

    def lines(self, width: int) -> Sequence[Sequence[Span]]:
        """The lines to show on so many columns."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        self.redraw()

    def redraw(self) -> None:
        """Draw the lines that differ from those on the screen; before there is room, nothing."""
        if not self.size.width:
            return
        before, self._lines = self._lines, list(self.lines(self.size.width))
        for y in range(max(len(before), len(self._lines))):
            old = before[y] if y < len(before) else None
            new = self._lines[y] if y < len(self._lines) else None
            if old != new:
                start = _common(old or (), new or ())
                self.refresh(Region(start, y, max(0, self.size.width - start), 1))

    def render_line(self, y: int) -> Strip:
        """One line, cut or padded to the width."""
        spans = self._lines[y] if y < len(self._lines) else ()
        return text_strip([(text, self.span_style(name)) for text, name in spans], self.size.width, self.rich_style)

    def span_style(self, name: str) -> Style:
        """The style of a span: its component class's, with its click."""
        base, _, action = name.partition("@")
        style = self.get_component_rich_style(base)
        return style + Style(meta={"@click": action}) if action else style


def _common(old: Sequence[Span], new: Sequence[Span]) -> int:
    """How many columns at the left are the same."""
    width = 0
    for (old_text, old_name), (new_text, new_name) in zip(old, new, strict=False):
        if old_name != new_name:
            break
        if old_text != new_text:
            same = next((at for at, (a, b) in enumerate(zip(old_text, new_text, strict=False)) if a != b), None)
            return width + (min(len(old_text), len(new_text)) if same is None else same)
        width += len(old_text)
    return width
