"""What of a run's curves is seen: enough to draw it again, elsewhere and larger."""

from __future__ import annotations

from dataclasses import dataclass

from gan_tui.state.history import History
from gan_tui.state.markers import Marker
from gan_tui.state.plot_choice import Smoothing
from gan_tui.state.series import Axis, SeriesKey
from gan_tui.state.viewport import Extent, Scale


@dataclass(frozen=True, kw_only=True)
class BehindIt:
    """Another run, drawn behind."""

    name: str
    history: History
    shift: float = 0.0
    """How far to the right it lies on the axis: on that of time each run counts from its own first line."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """A part of a run's course, of some of its series."""

    run: str
    """Its name."""
    group: str
    """What the series have in common, in words."""
    keys: tuple[SeriesKey, ...]
    colours: tuple[int, ...]
    """The number of each one's colour."""
    history: History
    x: Extent
    """The ends of the axis, in steps or in Unix seconds."""
    scale: Scale = "step"
    log: bool = True
    smoothing: Smoothing = 1
    markers: tuple[Marker, ...] = ()
    steps_per_epoch: int = 0
    behind: BehindIt | None = None

    @property
    def axis(self) -> Axis:
        """What positions are."""
        return "time" if self.scale == "time" else "step"

    @property
    def origin(self) -> float:
        """The time of the run's first line."""
        extent = self.history.extent("time")
        return 0.0 if extent is None else extent[0]


def shift_of(other: History, own: History, axis: Axis) -> float:
    """How far to the right another run's curves lie behind a run's own, as BehindIt has it."""
    begins = [history.extent(axis) for history in (own, other)]
    return begins[0][0] - begins[1][0] if axis == "time" and begins[0] and begins[1] else 0.0
