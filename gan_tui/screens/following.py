"""What screens have in common that are open over the dashboard and follow the run."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

from textual.screen import Screen

from gan_tui.state.run_view import RunView

Returned = TypeVar("Returned")
"""What the screen returns."""


class FollowingScreen(Screen[Returned]):
    """Is shown every view of the run as long as it is open."""

    @abstractmethod
    def show(self, view: RunView) -> None:
        """Take the newest view; what it does not change is not drawn."""
