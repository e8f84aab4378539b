"""Which lines of a list that is longer than its place are shown."""

from __future__ import annotations


def scrolled(first: int, selected: int, count: int, room: int) -> int:
    """The first line to show, so that the selected one is in view and the list moves no further than it must.

    Args:
        first: the first one shown so far.
        selected: the one that is to be seen.
        count: lines there are.
        room: lines that fit, 1 or more.
    """
    nearest = min(max(first, selected - room + 1), selected)
    return max(0, min(nearest, count - room))
