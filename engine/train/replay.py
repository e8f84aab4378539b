"""Where a replay begins: the nudges of the course that it repeats are staged, each for the step it was made at."""

from __future__ import annotations

from msgspec.structs import replace

from engine.protocol.course import read_nudges
from engine.train.session import Session


def stage_replay(session: Session) -> None:
    """Stage what a replay is to repeat, when it begins; nothing in a run that is none.

    One that goes on has in its own checkpoint what is still staged. What was staged in a parent's checkpoint is
    dropped: the course that is repeated has it among its nudges, if it came to that.

    Raises:
        WorkError: the nudges cannot be read.
        RequestError: one of them does not suit the run's controls.
    """
    goes_on = session.saved_step >= 0
    if session.standing.identity.replays is None or goes_on:
        return
    nudges = [replace(nudge, values=session.panel.check(nudge.values)) for nudge in read_nudges(session.run)]
    session.panel.staged = ()
    for nudge in nudges:
        session.panel.stage(nudge)
