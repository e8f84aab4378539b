"""A screen's classes by its size, set before the first layout: Textual sets them after it, and all is sent twice.

To be set while it is composed: for each class that a screen gets later, Textual looks up the rules of all on it.
"""

from __future__ import annotations

from typing import Any

from textual.screen import Screen


def set_classes_by_size(screen: Screen[Any]) -> None:
    """Set those of a screen that is being composed, as its HORIZONTAL_ and VERTICAL_BREAKPOINTS have them."""
    width, height = screen.app.size
    for length, breakpoints in ((width, screen.HORIZONTAL_BREAKPOINTS), (height, screen.VERTICAL_BREAKPOINTS)):
        reached = [name for least, name in sorted(breakpoints or []) if length >= least]
        screen.add_class(*reached[-1:])
