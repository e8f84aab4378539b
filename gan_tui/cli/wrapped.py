"""Lines that fit the terminal's width; elsewhere, where programs read them, lines stay whole."""

from __future__ import annotations

import os
import sys

from gan_tui.cli.output import put
from gan_tui.state.plain_text import printable

_NARROWEST = 40
"""Columns to which lines are wrapped; some terminals say that they have none."""


def columns() -> int | None:
    """How wide lines may be; None where stdout is no terminal."""
    if not sys.stdout.isatty():
        return None
    return max(os.get_terminal_size(sys.stdout.fileno()).columns, _NARROWEST)


def put_wrapped(line: str, indent: int) -> None:
    """Write a line; on a terminal as several that fit its width, all but the first indented by so many blanks."""
    for part in wrapped(line, indent):
        put(part)


def wrapped(line: str, indent: int) -> list[str]:
    """What put_wrapped writes, free of control characters."""
    import textwrap

    width = columns()
    if width is None:
        return [printable(line)]
    blanks = " " * min(indent, width // 2)
    return textwrap.wrap(printable(line), width, subsequent_indent=blanks, break_on_hyphens=False)


def put_table(rows: list[list[str]], indent: int) -> None:
    """Write rows in columns, indented by so many blanks.

    Where they are wider than the terminal, what stands behind the second column is run together and wrapped below
    itself.
    """
    width = columns()
    lines = _aligned(rows)
    if width is not None and indent + max(map(len, lines)) > width:
        rows = [[*row[:2], "; ".join(row[2:])] for row in rows]
        lines = _aligned(rows)
    hanging = indent + sum(2 + max(len(printable(row[at])) for row in rows) for at in (0, 1))
    for line in lines:
        put_wrapped(f"{'':{indent}}{line}", hanging)


def _aligned(rows: list[list[str]]) -> list[str]:
    """Rows of a table, each column as wide as its widest cell."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
