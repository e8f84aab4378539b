"""Text set into columns of the screen: by the cells that it takes, of which some characters take two and some none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size


def clipped(text: str, width: int) -> str:
    """The text in at most ``width`` cells, with an ellipsis where it was cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def whole_parts(parts: Sequence[str], width: int, between: str = " · ") -> str:
    """As many of the parts, the first of which matter most, as have room together; a cut number would mislead."""
    kept = len(parts)
    while kept > 1 and cell_len(between.join(parts[:kept])) > width:
        kept -= 1
    return clipped(between.join(parts[:kept]), width)


def cut_middle(text: str, width: int) -> str:
    """A name in at most so many cells; what tells it from its like stands at either end."""
    if cell_len(text) <= width:
        return text
    if width < 4:
        return clipped(text, width)
    tail = width // 2
    end = text[-tail:]
    while cell_len(end) > tail:
        end = end[1:]
    return f"{set_cell_size(text, width - 1 - cell_len(end)).rstrip()}…{end}"


def left(text: str, width: int) -> str:
    """A text cut or padded to so many cells, at the left of them."""
    return set_cell_size(clipped(text, width), width)


def right(text: str, width: int) -> str:
    """The same, at the right of them."""
    shown = clipped(text, width)
    return " " * (width - cell_len(shown)) + shown
