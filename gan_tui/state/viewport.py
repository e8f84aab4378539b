"""What part of a run's course a plot shows, and where its cursor stands: values, and the functions that move them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from gan_tui.state.series import Axis

Scale: TypeAlias = Literal["step", "epoch", "time"]
"""What the x axis is labelled with. Epochs lie on the axis of steps."""
Extent: TypeAlias = tuple[float, float]
"""Both ends of something on an axis."""

SCALES: tuple[Scale, ...] = ("step", "epoch", "time")
RECENT = 0.1
"""The share of the course that the view of its newest part begins with."""
LEAST: dict[Axis, float] = {"step": 8.0, "time": 1.0}
"""Steps and seconds that are shown at least."""


@dataclass(frozen=True, kw_only=True)
class Viewport:
    """The part of the course that is looked at.

    With ``width`` None it is the whole course. Else it is so much of it, up to ``end``; with ``end`` None up to the
    newest line, which it follows.
    """

    scale: Scale = "step"
    width: float | None = None
    end: float | None = None
    cursor: float | None = None
    """A position on the axis whose values are read out; None where there is no cursor."""

    @property
    def axis(self) -> Axis:
        """What positions are: steps, or seconds."""
        return "time" if self.scale == "time" else "step"

    @property
    def follows(self) -> bool:
        """Whether the newest line is in view, and stays so."""
        return self.end is None


def shown(view: Viewport, course: Extent) -> Extent:
    """What is looked at of a course."""
    low, high = course
    if view.width is None:
        return low, high
    end = high if view.end is None else view.end
    return end - view.width, end


def zoomed(view: Viewport, course: Extent, seen: Extent, factor: float, around: float | None = None) -> Viewport:
    """Show ``factor`` times as much of the axis; a position keeps its place on the screen.

    Args:
        view: what is looked at now.
        course: where the run's first and last line lie.
        seen: both ends of the axis as it is drawn, which may have room for lines to come.
        factor: below 1 to look closer.
        around: that position; None: the cursor, or without one the right end.
    """
    low, high = seen
    width = max((high - low) * factor, LEAST[view.axis])
    if width >= course[1] - course[0]:
        return replace(view, width=None, end=None)
    fixed = around if around is not None else view.cursor
    if fixed is None or not low <= fixed <= high:
        return replace(view, width=width)
    share = (fixed - low) / (high - low)
    return replace(view, width=width, end=max(fixed + (1 - share) * width, course[0] + width))


def panned(view: Viewport, course: Extent, by: float) -> Viewport:
    """Move what is looked at by a share of its width; whoever reaches the newest line follows it again."""
    if view.width is None:
        return view
    end = course[1] if view.end is None else view.end
    return _ending(view, course, view.width, end + by * view.width)


def whole(view: Viewport) -> Viewport:
    """Show the whole course, and no cursor."""
    return replace(view, width=None, end=None, cursor=None)


def newest_part(view: Viewport, course: Extent) -> Viewport:
    """Show the newest part of the course and follow it, or the whole again where that is shown."""
    if view.width is not None and view.follows:
        return replace(view, width=None)
    width = max(RECENT * (course[1] - course[0]), LEAST[view.axis])
    return replace(view, width=width, end=None, cursor=None)


def with_cursor(view: Viewport, course: Extent, by: float) -> Viewport:
    """Move the cursor by a distance; it appears at the newest line that is shown, and takes what is looked at along."""
    low, high = shown(view, course)
    newest = min(high, course[1])
    cursor = newest if view.cursor is None else view.cursor + by
    cursor = min(max(cursor, course[0]), course[1])
    moved = replace(view, cursor=cursor)
    if view.width is None or low <= cursor <= high:
        return moved
    return _ending(moved, course, view.width, cursor if cursor > high else cursor + view.width)


def rescaled(view: Viewport, convert: Callable[[float], float]) -> Viewport:
    """Label the axis with the next scale; what is looked at stays, converted where positions are others then."""
    scale = SCALES[(SCALES.index(view.scale) + 1) % len(SCALES)]
    new = replace(view, scale=scale)
    if new.axis == view.axis:
        return new
    cursor = None if view.cursor is None else convert(view.cursor)
    if view.width is None:
        return replace(new, cursor=cursor)
    if view.end is None:
        return replace(new, width=None, cursor=cursor)
    high = convert(view.end)
    width = max(high - convert(view.end - view.width), LEAST[new.axis])
    return replace(new, width=width, end=high, cursor=cursor)


def _ending(view: Viewport, course: Extent, width: float, end: float) -> Viewport:
    """Of that width and with that end, as far as there is anything to see."""
    first, newest = course
    if end >= newest:
        return replace(view, width=width, end=None)
    return replace(view, width=width, end=max(end, first + width))
