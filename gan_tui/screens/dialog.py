"""What every screen over another has in common: it is answered once."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen
from textual.widget import Widget

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """Lies over another screen until it is dismissed."""

    FOCUSED: ClassVar[type[Widget] | None] = None
    """What gets each key before the dialog does, if anything there has keys of its own: a user's file cannot give these
    to the dialog."""
    WHILE_TYPING: ClassVar[frozenset[str]] = frozenset()
    """Ids of what keys do also while a line is typed that is not always there: then that gets each key first, too."""

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Go, and hand over the answer; a second Enter that was on its way with the first says nothing more."""
        return super().dismiss(result) if self.is_current else AwaitComplete()
