"""The checkpoint picker as an application of its own, for ``gan-tui resume``."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.driver import Driver

from engine.protocol.rundir import RunDirectory
from gan_tui.dressed import DressedApp
from gan_tui.state.appearance import Appearance
from gan_tui.terminal import guard
from gan_tui.terminal.driver import driver_for, this_terminal
from gan_tui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from gan_tui.client.branch import ResumeRequest


class PickerApp(DressedApp[int | None]):
    """The checkpoint picker on its own."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        run: RunDirectory,
        request: ResumeRequest,
        *,
        now: float,
        appearance: Appearance | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(appearance or Appearance(), driver_class=driver_class)
        self._run_dir = run
        self._request = request
        self._now = now

    def compose(self) -> ComposeResult:
        """What is seen where there is no room for the picker."""
        yield TooSmall("Escape leaves; nothing is started.")

    def on_mount(self) -> None:
        """Open the picker; its result is the application's."""
        from gan_tui.screens.checkpoints import CheckpointPicker  # as the dashboard: only when it is wanted

        picker = CheckpointPicker(self._run_dir, self._request, now=self._now, imaging=self.appearance.imaging)
        self.push_screen(picker, self.exit)


def pick_checkpoint(run: RunDirectory, request: ResumeRequest, appearance: Appearance) -> int | None:
    """Let the user choose one of a run's checkpoints; needs a terminal. None when nothing was chosen.

    Args:
        run: the run.
        request: what else is asked of its resume, for the preflight.
        appearance: what the user wishes to see.
    """
    guard.start()
    app = PickerApp(run, request, now=time(), appearance=appearance, driver_class=driver_for(this_terminal()))
    return app.run(mouse=appearance.mouse)
