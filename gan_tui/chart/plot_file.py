"""A selection of curves as the content of a file: a chart as SVG or PNG, or the recorded values as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import assert_never

from engine.protocol.rundir import RunDirectory
from gan_tui.chart.files import PlotFormat
from gan_tui.state.history import History
from gan_tui.state.selection import Selection


def plot_content(
    selection: Selection, form: PlotFormat, run: RunDirectory, behind: RunDirectory | None
) -> Iterator[bytes]:
    """The file, in pieces.

    Args:
        selection: what is seen.
        form: how it is to be written.
        run: whose curves they are; values come from its record, where no line is missing.
        behind: the run behind.
    """
    if form == "csv":
        from gan_tui.client.table import Part, table

        low, high = selection.x
        parts = [Part(run, *_steps(selection.history, low, high, selection))]
        if behind is not None and selection.behind is not None:
            shift = selection.behind.shift
            parts.append(Part(behind, *_steps(selection.behind.history, low - shift, high - shift, selection)))
        yield from table(parts, selection.keys)
        return
    from gan_tui.chart.content import chart_of
    from gan_tui.chart.layout import laid_out

    sheet = laid_out(chart_of(selection))
    match form:
        case "svg":
            from gan_tui.chart.svg import svg

            yield svg(sheet).encode()
        case "png":
            from gan_tui.chart.png import png

            yield png(sheet)
        case _:
            assert_never(form)


def _steps(history: History, low: float, high: float, selection: Selection) -> tuple[float, float]:
    """The first and the last step in a part of the axis."""
    if selection.axis == "step":
        return low, high
    first, last = history.moment(low, "time"), history.moment(high, "time")
    return first[0] if first else -inf, last[0] if last else -inf
