"""The one way text comes to a line of the screen: printable, in a style, padded or cut to the width."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from gan_tui.state.plain_text import printable


def text_strip(parts: Iterable[tuple[str, Style | None]], width: int, ground: Style) -> Strip:
    """A line of the screen; control characters in its text, whatever file it is from, do not reach the terminal."""
    segments = [Segment(printable(text), style) for text, style in parts]
    return Strip(segments).adjust_cell_length(width, ground)
