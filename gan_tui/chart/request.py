"""From what a user asks for by words to a selection of a run's curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import RequestError
from engine.protocol.rundir import RunDirectory
from gan_tui.client.whole import whole_run
from gan_tui.state.axes import grown
from gan_tui.state.groups import SeriesGroup, colour_of, groups_of, matching
from gan_tui.state.history import History
from gan_tui.state.plot_choice import SMOOTHING_NAMES
from gan_tui.state.selection import BehindIt, Selection, shift_of
from gan_tui.state.series import Axis
from gan_tui.state.viewport import Extent, Scale


@dataclass(frozen=True, kw_only=True)
class PlotRequest:
    """What is to be drawn of a run, and how."""

    group: str = ""
    """Of its series; empty: all losses."""
    series: str = ""
    """Words of which one is to be a part of a series' name."""
    log: bool | None = None
    """Whether the y axis is logarithmic; None: as is usual for the group."""
    smooth: str = "smooth"
    scale: Scale = "step"
    first: int | None = None
    """The first step; None: the run's."""
    last: int | None = None
    behind: RunDirectory | None = None


def selected(run: RunDirectory, request: PlotRequest) -> Selection:
    """Read the run, and the one behind, and select.

    Raises:
        RequestError: there is no such group, series or part of the course.
        WorkError: a run cannot be read.
    """
    view, history = whole_run(run)
    groups = groups_of(history.series(), view.objective)
    group = _group(run, groups, request)
    keys = matching(group.keys, request.series)
    if not keys:
        has = ", ".join(key.name for key in group.keys)
        raise RequestError(f"--series {request.series}", "is part of no name", f"In {group.name} there are: {has}.")
    axis: Axis = "time" if request.scale == "time" else "step"
    behind = _behind(request.behind, history, axis)
    return Selection(
        run=run.name,
        group=f"{group.name} /{request.series}" if request.series else group.name,
        keys=keys,
        colours=tuple(colour_of(key, groups) for key in keys),
        history=history,
        x=_extent(run, history, behind, axis, request),
        scale=request.scale,
        log=group.log if request.log is None else request.log,
        smoothing=next(level for level, name in SMOOTHING_NAMES.items() if name == request.smooth),
        markers=view.markers,
        steps_per_epoch=view.steps_per_epoch,
        behind=behind,
    )


def _group(run: RunDirectory, groups: Sequence[SeriesGroup], request: PlotRequest) -> SeriesGroup:
    if not groups:
        raise RequestError(f"run {run.name}", "has no line of metrics yet", "Wait until it has one.")
    found = next((group for group in groups if group.name == (request.group or groups[0].name)), None)
    if found is None:
        has = ", ".join(group.name for group in groups)
        raise RequestError(f"--group {request.group}", f"is no group of {run.name}'s series", f"There are: {has}.")
    return found


def _behind(run: RunDirectory | None, history: History, axis: Axis) -> BehindIt | None:
    if run is None:
        return None
    _, other = whole_run(run)
    return BehindIt(name=run.name, history=other, shift=shift_of(other, history, axis))


def _extent(run: RunDirectory, history: History, behind: BehindIt | None, axis: Axis, request: PlotRequest) -> Extent:
    own = history.extent(axis)
    assert own is not None, "there is a group, so there is a line"
    theirs = behind.history.extent(axis) if behind else None
    low, high = own
    if behind and theirs:
        low, high = min(low, theirs[0] + behind.shift), max(high, theirs[1] + behind.shift)
    if axis == "step":
        low, high = grown(None, low, high, limit=high)
    if request.first is not None:
        low = _position(history, request.first, axis)
    if request.last is not None:
        high = _position(history, request.last, axis)
    if low >= high:
        ends = (("--from", request.first), ("--to", request.last))
        wanted = " ".join(f"{option} {step:,}" for option, step in ends if step is not None)
        steps = history.extent("step") or (0.0, 0.0)
        fact = f"is no part of the course of {run.name}"
        raise RequestError(wanted, fact, f"Its lines are of the steps {steps[0]:,.0f} to {steps[1]:,.0f}.")
    return low, high


def _position(history: History, step: int, axis: Axis) -> float:
    if axis == "step":
        return step
    moment = history.moment(step, "step")
    extent = history.extent("time")
    return moment[1] if moment else extent[0] if extent else 0.0
