"""What is written into a plot's frame: which series it shows and how, and where its cursor stands."""

from __future__ import annotations

from gan_tui.state.curves import smoothing_in_words
from gan_tui.state.history import History
from gan_tui.state.markers import Marker
from gan_tui.state.plot_choice import PlotChoice
from gan_tui.state.series import Axis
from gan_tui.state.viewport import Viewport
from gan_tui.state.x_axis import duration_label
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.plot_data import PlotData
from gan_tui.widgets.plot_painter import SYMBOLS

BESIDE_A_MARKER = 24
"""Columns of the frame that what is marked at the cursor leaves to the step and the corners."""


def title(data: PlotData, choice: PlotChoice) -> str:
    """Whose series, and which of them."""
    group = choice.among(data.groups)
    parts = [group.name if len(data.groups) < 2 else f"{group.name} {choice.place(data.groups) + 1}/{len(data.groups)}"]
    if choice.typed:
        parts.append(f"/{choice.typed}")
    if data.origin:
        parts.append(f"from {data.origin}")
    if data.beside:
        parts.append(f"behind: {data.beside.name}")
    return " · ".join(parts)


def subtitle(data: PlotData, choice: PlotChoice, *, cursor: str | None, reading: bool) -> str:
    """How they are drawn.

    Args:
        data: what there is to see.
        choice: what of it is seen.
        cursor: where the cursor stands, in words, which is told instead; None where there is no cursor.
        reading: whether the record is still being read.
    """
    group = choice.among(data.groups)
    drawn = ["log y" if group.log else "linear y", smoothing_in_words(group.keys, choice.smoothing)]
    told = [*drawn, _part(choice.viewport)] if cursor is None else [cursor]
    return " · ".join([*(["reading the record…"] if reading else []), *told])


def moment(at: float, axis: Axis, history: History, *, marker: Marker | None, steps_per_epoch: int, width: int) -> str:
    """A position on every scale, or what is marked there; nothing where there is no line yet.

    Args:
        at: the position.
        axis: on which it is one.
        history: the run's.
        marker: the one there, if there is any.
        steps_per_epoch: 0 where it is not known.
        width: of the plot, in columns.
    """
    found = history.moment(at, axis)
    begin, own = history.extent("time"), history.extent(axis)
    if found is None or begin is None or own is None:
        return ""
    step, time = found
    if at > own[1]:  # where only the run behind has come to
        return f"step {at:,.0f}" if axis == "step" else duration_label(at - begin[0])
    if marker is not None:
        return f"step {step:,.0f} · {SYMBOLS[marker.kind]} {clipped(marker.text, max(0, width - BESIDE_A_MARKER))}"
    epoch = [f"epoch {step / steps_per_epoch:.1f}"] if steps_per_epoch else []
    return " · ".join([f"step {step:,.0f}", *epoch, duration_label(time - begin[0])])


def _part(view: Viewport) -> str:
    """Which part of the course is in sight."""
    if view.width is None:
        return f"x {view.scale}"
    return f"x {view.scale}, newest part" if view.follows else f"x {view.scale}, a part"
