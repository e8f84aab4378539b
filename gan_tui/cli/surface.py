"""Whether there is a terminal to draw screens on."""

from __future__ import annotations

import sys


def on_terminal() -> bool:
    """Whether keys come from one and both outputs go to one: Textual draws on standard error."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def only_drawing_is_redirected() -> bool:
    """Whether somebody sits at a terminal, and screens have nothing to be drawn on all the same."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not sys.stderr.isatty()
