"""The checkpoint picker as an application of its own, for ``gan-tui resume``."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from textual.app import App
from textual.driver import Driver

from engine.protocol.rundir import RunDirectory
from gan_tui import terminal_guard
from gan_tui.terminal_diff import ThriftyDriver
from gan_tui.themes import DARK, THEMES

if TYPE_CHECKING:
    from gan_tui.client.branch import ResumeRequest
    from gan_tui.state.imaging import Imaging


class PickerApp(App[int | None]):
    """The checkpoint picker on its own."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        run: RunDirectory,
        request: ResumeRequest,
        *,
        now: float,
        imaging: Imaging | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self._run_dir = run
        self._request = request
        self._now = now
        self._imaging = imaging
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name

    def on_mount(self) -> None:
        """Open the picker; its result is the application's."""
        from gan_tui.screens.checkpoints import CheckpointPicker  # as the dashboard: only when it is wanted

        picker = CheckpointPicker(self._run_dir, self._request, now=self._now, imaging=self._imaging)
        self.push_screen(picker, self.exit)


def pick_checkpoint(run: RunDirectory, request: ResumeRequest, imaging: Imaging | None = None) -> int | None:
    """Let the user choose one of a run's checkpoints; needs a terminal. None when nothing was chosen.

    Args:
        run: the run.
        request: what else is asked of its resume, for the preflight.
        imaging: how pictures are drawn.
    """
    terminal_guard.start()
    return PickerApp(run, request, now=time(), imaging=imaging, driver_class=ThriftyDriver).run()
