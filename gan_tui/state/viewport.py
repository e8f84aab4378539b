"""What part of a run's course a plot shows, and where its cursor stands: values, and the functions that move them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

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


class Course(NamedTuple):
    """What there is to look at, on an axis."""

    first: float
    """The first line of the run, or of the one behind it."""
    newest: float
    """The run's own newest line."""
    end: float
    """The newest line of either."""


@dataclass(frozen=True, kw_only=True)
class Viewport:
    """The part of the course that is looked at.

    With ``width`` None it is the whole course. Else it is so much of it, up to ``end``; with ``end`` None up to the
    run's newest line, which it follows.
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


def zoomed(view: Viewport, course: Course, seen: Extent, factor: float, around: float | None = None) -> Viewport:
    """Show ``factor`` times as much of the axis; a position keeps its place on the screen.

    Args:
        view: what is looked at now.
        course: what there is.
        seen: both ends of the axis as it is drawn, which may have room for lines to come.
        factor: below 1 to look closer.
        around: that position; None: the cursor, or without one the right end.
    """
    low, high = seen
    width = max((high - low) * factor, LEAST[view.axis])
    if width >= course.end - course.first:
        return replace(view, width=None, end=None)
    fixed = around if around is not None else view.cursor
    if fixed is None or not low <= fixed <= high:
        follows = view.follows and course.newest - width >= course.first
        return replace(view, width=width) if follows else _ending(view, course, width, min(high, course.end))
    share = (fixed - low) / (high - low)
    return _ending(view, course, width, fixed + (1 - share) * width)


def panned(view: Viewport, course: Course, seen: Extent, by: float) -> Viewport:
    """Move what is looked at by a share of its width; whoever reaches the newest line follows it again."""
    if view.width is None:
        return view
    end = seen[1] + by * view.width
    if by > 0 and end >= course.end:
        follows = course.end <= course.newest
        return _ending(view, course, view.width, None if follows else course.end)
    return _ending(view, course, view.width, end)


def whole(view: Viewport) -> Viewport:
    """Show the whole course, and no cursor."""
    return replace(view, width=None, end=None, cursor=None)


def newest_part(view: Viewport, course: Course) -> Viewport:
    """Show the newest part of the course and follow it, or the whole again where that is shown."""
    if view.width is not None and view.follows:
        return replace(view, width=None)
    width = max(RECENT * (course.newest - course.first), LEAST[view.axis])
    return replace(view, width=width, end=None, cursor=None)


def with_cursor(view: Viewport, course: Course, seen: Extent, by: float) -> Viewport:
    """Move the cursor by a distance; it appears at the newest line that is seen, and takes what is looked at along.

    Whoever reads values out looks at a part that stands still: the newest line is not followed meanwhile.
    """
    low, high = seen
    cursor = min(high, max(low, course.newest)) if view.cursor is None else view.cursor + by
    cursor = min(max(cursor, course.first), course.end)
    moved = replace(view, cursor=cursor)
    if view.width is None:
        return moved
    end = cursor if cursor > high else cursor + view.width if cursor < low else high
    return replace(moved, end=end)


def rescaled(view: Viewport, newest: float, convert: Callable[[float], float]) -> Viewport:
    """Label the axis with the next scale; what is looked at stays, converted where positions are others then.

    Args:
        view: what is looked at.
        newest: where the run's newest line lies.
        convert: turns a position into one of the other axis.
    """
    scale = SCALES[(SCALES.index(view.scale) + 1) % len(SCALES)]
    new = replace(view, scale=scale)
    if new.axis == view.axis:
        return new
    cursor = None if view.cursor is None else convert(view.cursor)
    if view.width is None:
        return replace(new, cursor=cursor)
    end = newest if view.end is None else view.end
    width = max(convert(end) - convert(end - view.width), LEAST[new.axis])
    return replace(new, width=width, end=None if view.end is None else convert(end), cursor=cursor)


def _ending(view: Viewport, course: Course, width: float, end: float | None) -> Viewport:
    """Of that width and with that end, but not before the first line; a cursor that is out of sight then is gone."""
    if end is None:
        low, high = course.newest - width, course.newest
    else:
        end = max(end, course.first + width)
        low, high = end - width, end
    in_sight = view.cursor is not None and low <= view.cursor <= high
    return replace(view, width=width, end=end, cursor=view.cursor if in_sight else None)
