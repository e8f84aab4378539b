"""The machine's screen: what the run's machine is at and was at, and where the time of a step goes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from gan_tui.screens.following import FollowingScreen
from gan_tui.screens.worded import worded
from gan_tui.state.machine import MachineHistory
from gan_tui.state.run_view import RunView
from gan_tui.widgets.footer import FooterBar, Hint
from gan_tui.widgets.machine_board import MachineBoard
from gan_tui.widgets.too_small import TooSmall


class MachineScreen(FollowingScreen[None]):
    """Full screen; it is shown views as the dashboard is, until it is left."""

    CSS_PATH = "machine.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,M", "dismiss(None)", "back", id="machine-close", show=False),
        Binding("w", "window", "last 10 minutes, last hour, whole run", id="machine-window", show=False),
    ]

    def __init__(self, view: RunView, history: MachineHistory) -> None:
        super().__init__()
        self.board = MachineBoard(history)
        self.footer = FooterBar()
        self.show(view)

    def compose(self) -> ComposeResult:
        """The board over its keys."""
        yield self.board
        yield self.footer
        yield TooSmall(worded(self, "{machine-close|Esc} leads back to the dashboard."))

    def on_mount(self) -> None:
        """Name the keys."""
        back = Hint(key=worded(self, "{machine-close|Esc}"), label="back", action="screen.dismiss")
        window = Hint(key=worded(self, "{machine-window|w}"), label="10 min, 1 h, whole run", action="screen.window")
        self.footer.show((back, window))

    def show(self, view: RunView) -> None:
        """Take the newest view."""
        self.board.show(view)

    def action_window(self) -> None:
        """Show another part of the time."""
        self.board.cycle_window()
