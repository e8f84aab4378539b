"""The nudges of a run: which of them stand, what taking one back would restore, and where its effects are best left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from engine.protocol.commands import SetControls, Undo
from engine.protocol.events import Change, Nudged
from gan_tui.state.journal import number
from gan_tui.state.plain_text import printable

if TYPE_CHECKING:
    from gan_tui.state.run_view import RunView


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """Controls that were moved together."""

    seq: int
    """The event's number in the run's own record; 0 for one of an ancestor's."""
    step: int
    """The first step with the new values is the one after it."""
    time: float
    changes: tuple[Change, ...]
    by: str
    why: str = ""
    undoes: int | None = None
    """As in Nudged."""

    @property
    def text(self) -> str:
        """What it moved, printable."""
        return moves(self.changes) or "nothing"


def made(event: Nudged) -> Made:
    """What an event tells of."""
    return Made(
        seq=event.seq, step=event.step, time=event.time, changes=event.changes, by=event.by, why=event.why,
        undoes=event.undoes,
    )  # fmt: skip


def moves(changes: Iterable[Change]) -> str:
    """Changes as people write them: loss.cycle_a 10 → 8, printable."""
    words = (f"{change.name} {number(change.old)} → {number(change.new)}" for change in changes)
    return printable(", ".join(words))


def standing(nudges: Iterable[Made]) -> list[Made]:
    """The nudges that undo can take back, oldest first; the engine takes back the last one."""
    stack: list[Made] = []
    for nudge in nudges:
        if nudge.undoes is None:
            stack.append(nudge)
        elif stack:
            stack.pop()
    return stack


def reversal(nudge: Made, values: Mapping[str, float]) -> tuple[Change, ...]:
    """What taking it back would change, as the controls stand now."""
    return tuple(
        Change(name=change.name, old=values[change.name], new=change.old)
        for change in nudge.changes
        if values.get(change.name, change.old) != change.old
    )


def net(nudges: Sequence[Made]) -> tuple[Change, ...]:
    """What nudges in their order came to together: a control that ended where it began was not moved."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for nudge in nudges:
        for change in nudge.changes:
            first.setdefault(change.name, change.old)
            last[change.name] = change.new
    return tuple(Change(name=name, old=old, new=last[name]) for name, old in first.items() if last[name] != old)


def checkpoint_before(view: RunView, nudge: Made) -> int | None:
    """The step of the newest checkpoint, of this run and still there, that was saved before a nudge; None for none.

    Of one of the nudge's own step it is known only if it was complete by then. The checkpoint that a branch began with
    is no event of its record, but it has a copy that is kept, from before every nudge of its own.
    """
    steps = [
        marker.step
        for marker in view.markers
        if marker.kind == "checkpoint"
        and marker.seq
        and (marker.step < nudge.step or (marker.step == nudge.step and marker.seq < nudge.seq))
    ]
    if view.origin is not None and nudge.seq:
        steps.append(view.origin.step)
    return max(steps, default=None)


def made_by_others(before: RunView, view: RunView) -> list[Made]:
    """The nudges that have come to a live view and that this viewer did not ask for: a script's, or another's."""
    if before.link != "live" or view.link != "live":
        return []
    own = {
        exchange.reply.step if exchange.reply else None
        for exchange in view.exchanges
        if isinstance(exchange.command, SetControls | Undo) and not exchange.problem
    }
    new = [nudge for nudge in view.nudges if nudge.seq > before.last_seq]
    return [] if None in own else [nudge for nudge in new if nudge.step not in own]
