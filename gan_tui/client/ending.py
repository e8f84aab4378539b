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
"""How often another machine is asked: its gateway goes on answering for a few seconds after the end."""


def await_end(run: RunDirectory) -> None:
    """Wait until a run of this machine has no engine, however long it takes to finish its epoch or to save.

    Raises:
        WorkError: it ended otherwise than by being told to.
    """
    while engine_is_alive(run):
        time.sleep(LOOK_SECONDS)
    _require_ended_well(run.name, read_identity(run))


def await_end_there(access: Access) -> None:
    """Wait until an engine on another machine has ended, however long it takes to finish its epoch or to save.

    Raises:
        RequestError: the key is not one of its run's any more.
        WorkError: it ended otherwise than by being told to; or whether it has ended cannot be seen.
    """
    known = Follow(metrics=0, events=0)
    ended: Identity | None = None
    with Caller(access) as caller:
        while True:
            try:
                update, _ = caller.call(known, ANSWER_SECONDS)
            except WorkError:
                if ended is None:
                    raise
                break  # the gateway has left after its last words, and the engine waits for nothing else
            known = Follow(metrics=update.metrics, events=update.events)
            ended = None if update.state in LIVE_STATES else update.identity
            time.sleep(ASK_SECONDS)
    _require_ended_well(access.run, ended)


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
