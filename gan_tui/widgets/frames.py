"""What is written into a pane's frame: text and never markup, drawn again only where it has changed."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from gan_tui.state.plain_text import printable

CORNERS = 4
"""Columns of a pane's inside that its frame leaves free beside a title."""


def entitle(pane: Widget, title: str | None = None, subtitle: str | None = None) -> None:
    """Write into a frame, at its top and at its bottom; None leaves what is there.

    To set either draws the whole pane again, so what is there already is not set.
    """
    if title is not None and pane.border_title != (shown := Content(printable(title))).markup:
        pane.border_title = shown
    if subtitle is not None and pane.border_subtitle != (shown := Content(printable(subtitle))).markup:
        pane.border_subtitle = shown
