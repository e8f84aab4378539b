"""Repeating a course: its nudges are made again, each at the step boundary at which it was made."""

from __future__ import annotations

from collections import deque

from msgspec.structs import replace

from engine.protocol.course import read_nudges
from engine.protocol.events import StagedChange
from engine.train.session import Session


def prepare_replay(session: Session) -> None:
    """Read what a replay has still to repeat; nothing in a run that is none.

    One that goes on knows from its own checkpoint how many it has made. What was staged in a parent's checkpoint is
    dropped: the course that is repeated has it among its nudges, if it came to that.

    Raises:
        WorkError: the nudges cannot be read.
        RequestError: one of them does not suit the run's controls.
    """
    if session.standing.identity.replays is None:
        return
    goes_on = session.saved_step >= 0
    if not goes_on:
        session.panel.staged = ()
        session.progress.repeated = 0
    nudges = read_nudges(session.run)[session.progress.repeated :]
    session.repeats = deque(replace(nudge, values=session.panel.check(nudge.values)) for nudge in nudges)


def take_repeats(session: Session) -> list[StagedChange]:
    """The nudges that are to be repeated at this step boundary, in their order; each is handed out once."""
    due = []
    while session.repeats and session.repeats[0].at_step <= session.progress.step:
        due.append(session.repeats.popleft())
    session.progress.repeated += len(due)
    return due
