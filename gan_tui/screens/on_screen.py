"""What a dashboard has on its screen that can be taken out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.protocol.rundir import RunDirectory
from gan_tui.state.selection import Selection


@dataclass(frozen=True, kw_only=True)
class OnScreen:
    """What there is to be exported."""

    run: RunDirectory
    step: int
    plot: Selection | None
    behind: RunDirectory | None
    """The run that is drawn behind the curves."""
    sheet: Path | None
    """The sheet of samples in view."""
    sheet_step: int = 0
