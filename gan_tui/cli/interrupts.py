"""What Ctrl-C ends with: one sentence, and the status that shells know it by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from engine.errors import WorkError

INTERRUPTED = 130
"""128 and the number of SIGINT."""


class InterruptedWorkError(WorkError):
    """The user ended the work."""

    exit_code = INTERRUPTED


@contextmanager
def interruptible(subject: str, left: str) -> Iterator[None]:
    """Have Ctrl-C, also at a question, end the work with a sentence.

    Args:
        subject: the command.
        left: what the work leaves, and how to go on, as sentences.

    Raises:
        InterruptedWorkError: Ctrl-C was pressed.
    """
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        raise InterruptedWorkError(subject, "is interrupted", left) from None
