"""From a selection of curves to what a chart of them shows: axes with ticks, curves with values, markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from gan_tui.state import axes
from gan_tui.state.curves import Band, extremes, memory_of
from gan_tui.state.dots import dots_of
from gan_tui.state.history import History
from gan_tui.state.markers import Marker, nudged_at, placed
from gan_tui.state.plain_text import printable
from gan_tui.state.plot_choice import SMOOTHING_NAMES
from gan_tui.state.selection import Selection
from gan_tui.state.series import SeriesKey
from gan_tui.state.x_axis import x_ticks

COLUMNS = 480
"""Parts of the x axis, in each of which a curve has one place, or its extremes."""
SMOOTHED_OVER = 160
"""Parts of the x axis that smoothing is measured in: dot columns of a plot of usual width."""

ENOUGH_TICKS = 4
X_LABELS = {"step": "step", "epoch": "epoch", "time": "time since the first line"}


@dataclass(frozen=True, kw_only=True)
class ChartCurve:
    """A series."""

    name: str
    colour: int
    behind: bool
    """Whether it is another run's."""
    bands: Sequence[Band]
    """Its lowest and highest value in each part of the x axis, gaps between lines filled; None where it has none."""
    value: float | None
    """The newest of those."""
    measured: Sequence[bool]
    """In which parts of the axis it has a value that the curve is led through; in others it lies between two lines."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """All that there is to be drawn; every text is printable."""

    title: str
    told: str
    """What of the run it is, and how it is drawn."""
    behind: str
    """The name of the run behind; empty where there is none."""
    x: axes.Range
    y: axes.Range
    """Of a logarithmic axis the logarithms."""
    log: bool
    x_label: str
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    """Places on the axis, as ``y`` has them, and labels."""
    curves: Sequence[ChartCurve]
    """From the back to the front."""
    markers: Sequence[tuple[float, Marker]]
    """In sight, and where each stands."""

    def across(self, x: float) -> float:
        """Where on the x axis a position lies, 0 at its left end and 1 at its right."""
        return (x - self.x.low) / (self.x.high - self.x.low)

    def up(self, value: float) -> float:
        """Where on the y axis a value lies, 0 at its lower end and 1 at its upper, and not beyond."""
        at = self.y.low if self.log and value <= 0 else log10(value) if self.log else value
        return min(1.0, max(0.0, (at - self.y.low) / (self.y.high - self.y.low)))


def chart_of(selection: Selection) -> Chart:
    """What a chart of a selection shows."""
    x = axes.Range(*selection.x)
    own = [
        _curve(selection, selection.history, x, key, colour)
        for key, colour in zip(selection.keys, selection.colours, strict=True)
    ]
    other = []
    if (behind := selection.behind) is not None:
        there = axes.Range(x.low - behind.shift, x.high - behind.shift)
        other = [
            _curve(selection, behind.history, there, key, colour, behind=True)
            for key, colour in zip(selection.keys, selection.colours, strict=True)
        ]
    curves = [*other, *own]
    y = axes.fitted(None, *extremes((curve.bands for curve in curves), log=selection.log), log=selection.log)
    ticks = _log_ticks(y) if selection.log else axes.ticks(y, 8)
    standing = placed(selection.markers, selection.history, selection.axis)
    return Chart(
        title=printable(f"{selection.run}: {selection.group}"),
        told=printable(_told(selection)),
        behind=printable(behind.name) if behind else "",
        x=x,
        y=y,
        log=selection.log,
        x_label=X_LABELS[selection.scale],
        x_ticks=x_ticks(x, selection.scale, 10, origin=selection.origin, steps_per_epoch=selection.steps_per_epoch),
        y_ticks=[(tick, axes.value_label(10**tick if selection.log else tick)) for tick in ticks],
        curves=curves,
        markers=[(at, marker) for at, marker in standing if x.low <= at <= x.high],
    )


def _curve(
    selection: Selection, history: History, x: axes.Range, key: SeriesKey, colour: int, *, behind: bool = False
) -> ChartCurve:
    memory = memory_of(key, selection.smoothing) ** (SMOOTHED_OVER / COLUMNS)
    axis, nudges = selection.axis, [] if behind else nudged_at(selection.markers, history, selection.axis)
    [(spans, bands, drawn)] = dots_of(history, (key,), x, COLUMNS, axis, (memory,), log=selection.log, nudges=nudges)
    edges = (0, COLUMNS - 1)  # over which a curve may lead to lines that are not seen
    measured = [span.finite > 0 or column in edges for column, span in enumerate(spans)]
    there = [band for band in bands if band is not None]
    value = sum(there[-1]) / 2 if there else None
    return ChartCurve(
        name=printable(key.name), colour=colour, behind=behind, bands=drawn, value=value, measured=measured
    )


def _log_ticks(y: axes.Range) -> list[float]:
    """Round values, as logarithms; where an axis is too short for those of every decade, as on a linear axis."""
    found = axes.log_ticks(y, 9)
    if len(found) >= ENOUGH_TICKS:
        return found
    return [log10(value) for value in axes.ticks(axes.Range(10**y.low, 10**y.high), 8) if value > 0]


def _told(selection: Selection) -> str:
    low, high = selection.x
    first, last = selection.history.moment(low, selection.axis), selection.history.moment(high, selection.axis)
    steps = f"steps {first[0] if first else 0:,.0f} to {last[0]:,.0f}" if last else "no line yet"
    return " · ".join([steps, "log y" if selection.log else "linear y", SMOOTHING_NAMES[selection.smoothing]])
