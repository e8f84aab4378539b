"""Waiting for the engine of a run to end, on this machine or another, and whether it has ended well."""

from __future__ import annotations

import time

from engine.errors import WorkError
from engine.protocol.access import Access
from engine.protocol.rundir import LIVE_STATES, Identity, RunDirectory, engine_is_alive, read_identity
from engine.protocol.wire import ANSWER_SECONDS, Caller, Follow

ENDED_WELL = ("finished", "stopped")
LEAVING_SECONDS = 10.0
"""How long an engine may take to leave once its run has ended."""
LOOK_SECONDS = 0.05
"""How often it is looked whether an engine holds its run: the kernel tells nobody that a lock was let go."""
ASK_SECONDS = 0.5
"""How often another machine is asked: its gateway goes on answering for three seconds after the end."""


def await_end(run: RunDirectory) -> None:
    """Wait until the engine of a run of this machine has ended, however long it takes to finish its epoch or to save.

    Whoever resumes the run meanwhile has seen its end, too.

    Raises:
        WorkError: it ended otherwise than by being told to.
    """
    engine = read_identity(run).pid
    while engine_is_alive(run):
        if read_identity(run).pid not in (None, engine):  # one that leaves takes its own away
            return
        time.sleep(LOOK_SECONDS)
    _require_ended_well(run.name, read_identity(run))


def has_ended_well(run: RunDirectory) -> bool:
    """Whether a run of this machine has no engine and has ended by being told to, or at its last step."""
    return not engine_is_alive(run) and read_identity(run).state in ENDED_WELL


def await_end_there(access: Access) -> None:
    """Wait until a run on another machine has ended, however long its engine takes to finish its epoch or to save.

    The engine may take some seconds more to leave: its gateway has last words for viewers.

    Raises:
        RequestError: the key is not one of its run's any more.
        WorkError: it ended otherwise than by being told to; or whether it has ended cannot be seen.
    """
    known = Follow(metrics=0, events=0)
    engine: int | None = None
    with Caller(access) as caller:
        while True:
            update, _ = caller.call(known, ANSWER_SECONDS)
            identity = update.identity
            if engine is not None and identity.pid not in (None, engine):
                return
            if update.state not in LIVE_STATES:
                _require_ended_well(access.run, identity)
                return
            known, engine = Follow(metrics=update.metrics, events=update.events), identity.pid or engine
            time.sleep(ASK_SECONDS)


def let_leave(run: RunDirectory) -> None:
    """Give the engine of a run that has ended the time to end as well: its gateway has last words for viewers."""
    deadline = time.monotonic() + LEAVING_SECONDS
    while read_identity(run).state not in LIVE_STATES and engine_is_alive(run) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def _require_ended_well(name: str, identity: Identity) -> None:
    """Raises WorkError where a run without an engine has ended otherwise than by being told to."""
    if identity.state not in ENDED_WELL:
        how = f"failed: {identity.reason}" if identity.state == "failed" else "lost its engine before it had stopped"
        raise WorkError(f"run {name}", how, "Its engine.log may say why.")
