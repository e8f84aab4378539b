"""Selections of a run whose curves are known."""

from __future__ import annotations

from collections.abc import Sequence

from gan_tui.state.history import History
from gan_tui.state.markers import Marker
from gan_tui.state.selection import Selection
from gan_tui.state.series import SeriesKey
from tests.gan_tui.recorded import Recording

RISING, FLAT = SeriesKey("loss", "rising"), SeriesKey("loss", "flat")
MARKERS = (
    Marker(step=50, kind="nudge", text="loss.cycle_a 10 → 5 <&> (you)"),
    Marker(step=80, kind="checkpoint"),
    Marker(step=5000, kind="alert"),
)


def history_of(steps: Sequence[int], factor: float = 1.0) -> History:
    """``rising`` is the step, ``flat`` is 2, both times a factor; a line is recorded each step."""
    history, recording = History(), Recording()
    for step in steps:
        history.record(recording.metrics(step, losses={"rising": factor * step, "flat": factor * 2.0}))
    return history


def selection(**changes: object) -> Selection:
    """A hundred steps, all of them in sight."""
    usual = {
        "run": "zebra",
        "group": "losses",
        "keys": (RISING, FLAT),
        "colours": (0, 3),
        "history": history_of(range(1, 101)),
        "x": (0, 100),
        "smoothing": 0,
        "markers": MARKERS,
        "steps_per_epoch": 50,
    }
    return Selection(**{**usual, **changes})  # type: ignore[arg-type]
