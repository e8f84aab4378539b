"""Whether there is a terminal to draw screens on."""

from __future__ import annotations

import sys


def on_terminal() -> bool:
    """Whether keys come from one and both outputs go to one: Textual draws on standard error."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
