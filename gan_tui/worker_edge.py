"""The edge of a thread's work beside a screen: whatever goes wrong in it is told, and ends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from textual.worker import get_current_worker

from engine.errors import GanTuiError


@contextmanager
def failure_told(what: str, tell: Callable[[str], object], fix: str = "") -> Iterator[None]:
    """In a worker: have its failure told, unless it was cancelled.

    Args:
        what: what cannot be done, as a sentence; a GanTuiError has its own.
        tell: posts a message with the words.
        fix: what to do about it, as an imperative sentence.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the worker's edge: whatever it was, the user is to see it
        if get_current_worker().is_cancelled:
            return
        if isinstance(error, GanTuiError):
            tell(error.one_line())
        else:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            tell(f"{what} ({reason})" + (f". {fix}" if fix else ""))
