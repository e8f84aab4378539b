"""What a command that was interrupted ends with: a sentence that says what is left of its work, and one exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from engine.errors import INTERRUPTED
from gan_tui.cli.output import say


@contextmanager
def saying(left: str) -> Iterator[None]:
    """Say what is left where Ctrl-C ends the block.

    Args:
        left: as a clause: "nothing was written".

    Raises:
        typer.Exit: with INTERRUPTED.
    """
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):  # the latter where a question was open
        say(f"Ended early: {left}.")
        raise typer.Exit(INTERRUPTED) from None
