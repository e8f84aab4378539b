"""Places on the x axis of the plots where something happened, and which of them a resume leaves standing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import msgspec

from engine.protocol import events as ev

if TYPE_CHECKING:
    from gan_tui.state.history import History
    from gan_tui.state.series import Axis

MARKERS_LENGTH = 500
MOST_TOLD = 200
"""Characters after which a marker tells of no nudge more."""

MarkerKind: TypeAlias = Literal["nudge", "checkpoint", "alert", "resume", "note"]

_Item = TypeVar("_Item")


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """A place on the x axis of the plots where something happened."""

    step: int
    kind: MarkerKind
    seq: int = 0
    """The event's number in the run's own record; 0 for one of an ancestor's."""
    text: str = ""
    """What happened, as the journal says it."""


def marked(
    markers: tuple[Marker, ...], event: ev.Recorded, kind: MarkerKind, text: str, *, step: int | None = None
) -> tuple[Marker, ...]:
    """The markers with an event's; of many alike at one step, one, that tells of each nudge: a paused run has many."""
    at = event.step if step is None else step
    newest = markers[-1] if markers else None
    if newest is None or (newest.step, newest.kind) != (at, kind):
        return tail(markers, Marker(step=at, kind=kind, seq=event.seq, text=text), MARKERS_LENGTH)
    if kind == "nudge" and len(newest.text) <= MOST_TOLD:
        text = f"{newest.text}, {text}"
    return (*markers[:-1], Marker(step=at, kind=kind, seq=event.seq, text=text))


def placed(markers: Iterable[Marker], history: History, axis: Axis) -> list[tuple[float, Marker]]:
    """Where on an axis each marker stands; on that of time one before the first line stands nowhere."""
    if axis == "step":
        return [(marker.step, marker) for marker in markers]
    moments = ((history.moment(marker.step, "step"), marker) for marker in markers)
    return [(moment[1], marker) for moment, marker in moments if moment is not None]


def nudged_at(markers: Iterable[Marker], history: History, axis: Axis) -> list[float]:
    """Where on an axis nudges were made."""
    return [at for at, marker in placed(markers, history, axis) if marker.kind == "nudge"]


def without_checkpoints(markers: tuple[Marker, ...], steps: tuple[int, ...]) -> tuple[Marker, ...]:
    """The markers but for those of the run's own checkpoints that were deleted; an ancestor's have the number 0."""
    gone = set(steps)
    return tuple(mark for mark in markers if not (mark.kind == "checkpoint" and mark.seq and mark.step in gone))


def stands(marker: Marker, event: ev.Resumed) -> bool:
    """Whether a marker's event belongs to the course that is continued.

    Of the checkpoint's own step that is all but what was changed after its copy: the word that it is complete, and what
    users noted, stay true.
    """
    if marker.kind == "nudge":
        return still_made(marker.step, marker.seq, event)
    return marker.step <= event.from_step


def still_made(step: int, seq: int, event: ev.Resumed) -> bool:
    """Whether a nudge is in the checkpoint that is taken up; at its step one may have been made after its copy."""
    return step < event.from_step or (step == event.from_step and not 0 < event.from_seq < seq)


def tail(items: tuple[_Item, ...], item: _Item, length: int) -> tuple[_Item, ...]:
    """A tuple with one more at its end, of which the oldest go once there are more than so many."""
    return (*items[len(items) + 1 - length :], item) if len(items) >= length else (*items, item)
