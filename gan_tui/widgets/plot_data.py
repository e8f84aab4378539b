"""What a plot is given to show."""

from __future__ import annotations

from dataclasses import dataclass

from gan_tui.state.groups import SeriesGroup
from gan_tui.state.history import History
from gan_tui.state.markers import Marker


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Another run, whose curves are drawn behind this one's."""

    name: str
    history: History
    version: int
    """The history's."""


@dataclass(frozen=True, kw_only=True)
class PlotData:
    """What a plot can show; the curves come from the plot's history."""

    groups: tuple[SeriesGroup, ...] = ()
    markers: tuple[Marker, ...] = ()
    total_steps: int = 0
    steps_per_epoch: int = 0
    origin: str = ""
    """Where a branch begins, in words."""
    beside: Beside | None = None
    reading: bool = False
    """Whether the record is still to be read."""
    version: int = 0
    """The history's, so that a change of curves is a change of data."""
