"""The mark that a line of findings begins with, in a colour by how bad it is where the terminal has colours."""

from __future__ import annotations

import sys

STYLES = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}


def put_marked(lines: list[str], mark: str) -> None:
    """Write lines, of which the first begins with a mark, on stdout: as they are, but for the mark's colour.

    Args:
        lines: free of control characters, and as wide as they are to be.
        mark: of STYLES.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    text = Text("\n".join(lines))
    begin = text.plain.index(mark)
    text.stylize(STYLES[mark], begin, begin + len(mark))
    console.print(text)
