"""Waiting for an engine: until it has let go of its run, and no longer than is promised."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import WorkError
from engine.protocol.access import Access, new_access
from engine.protocol.rundir import RunDirectory, read_identity
from engine.protocol.runtime import new_endpoints
from engine.record import Standing
from engine.remote.gateway import Gateway
from gan_tui.client.ending import (
    ASK_SECONDS,
    LEAVING_SECONDS,
    LOOK_SECONDS,
    await_end,
    await_end_there,
    let_leave,
)
from tests.gan_tui.client.locked import locked

PATIENCE = 60.0


def test_the_end_of_an_engine_is_waited_for(horse: RunDirectory) -> None:
    Standing(horse).enter("stopped")
    waiting = threading.Thread(target=await_end, args=[horse], daemon=True)
    with locked(horse):
        waiting.start()
        waiting.join(5 * LOOK_SECONDS)
        assert waiting.is_alive(), "the run has stopped, and its engine is still there"
    waiting.join(PATIENCE)
    assert not waiting.is_alive()


def test_an_end_that_nobody_asked_for_is_a_failure(horse: RunDirectory) -> None:
    standing = Standing(horse)
    standing.enter("training")
    with pytest.raises(WorkError, match="lost its engine before it had stopped"):
        await_end(horse)
    standing.enter("failed", reason="the disk is full")
    with pytest.raises(WorkError, match="failed: the disk is full"):
        await_end(horse)


def test_an_engine_that_came_after_is_not_waited_for(horse: RunDirectory) -> None:
    standing = Standing(horse)
    standing.update(pid=1, state="training")
    waiting = threading.Thread(target=await_end, args=[horse], daemon=True)
    with locked(horse):
        waiting.start()
        waiting.join(5 * LOOK_SECONDS)
        assert waiting.is_alive()
        standing.update(pid=2)
        waiting.join(PATIENCE)
        assert not waiting.is_alive()


@pytest.fixture
def access(horse: RunDirectory) -> Iterator[Access]:
    """How to reach a gateway of the run, which stays when the run has ended."""
    Standing(horse).update(pid=1, state="training", endpoints=new_endpoints())
    endpoints = read_identity(horse).endpoints
    assert endpoints is not None
    gateway = Gateway(horse, endpoints, "127.0.0.1", 0)
    reader, lifeline = os.pipe()
    serving = threading.Thread(target=gateway.serve, args=(reader,))
    serving.start()
    yield new_access(horse, "me", "watch", f"tcp://127.0.0.1:{gateway.door.port}")
    os.close(lifeline)
    serving.join(PATIENCE)
    os.close(reader)


@pytest.mark.parametrize("change", [{"state": "stopped"}, {"state": "finished"}, {"pid": 2}], ids=str)
def test_on_another_machine_the_end_is_what_its_gateway_says(
    horse: RunDirectory, access: Access, change: dict[str, Any]
) -> None:
    """While the engine is still there, since a gateway's last words take it some seconds; or another came after it."""
    waiting = threading.Thread(target=await_end_there, args=[access], daemon=True)
    with locked(horse):
        waiting.start()
        waiting.join(2 * ASK_SECONDS)
        assert waiting.is_alive()
        Standing(horse).update(**change)
        waiting.join(PATIENCE)
        assert not waiting.is_alive()


def test_an_engine_that_leaves_a_failed_run_is_no_other_engine(horse: RunDirectory, access: Access) -> None:
    """It writes why, and then takes its process number away, while it still holds the run."""
    with locked(horse):
        Standing(horse).update(state="failed", reason="the disk is full", pid=None)
        with pytest.raises(WorkError, match="failed: the disk is full"):
            await_end_there(access)
        Standing(horse).update(state="training", reason="", pid=1)
        waiting = threading.Thread(target=await_end, args=[horse], daemon=True)
        waiting.start()
        Standing(horse).update(state="stopped", pid=None)
        waiting.join(5 * LOOK_SECONDS)
        assert waiting.is_alive(), "until it has let go"
    waiting.join(PATIENCE)
    assert not waiting.is_alive()


def test_an_engine_that_is_lost_there_is_a_failure(access: Access) -> None:
    with pytest.raises(WorkError, match="lost its engine before it had stopped"):
        await_end_there(access)


def test_the_engine_of_a_run_that_has_ended_is_let_leave(horse: RunDirectory) -> None:
    leaving = threading.Thread(target=let_leave, args=[horse], daemon=True)
    with locked(horse):
        leaving.start()
        leaving.join(0.3)
        assert leaving.is_alive()
    leaving.join(PATIENCE)
    assert not leaving.is_alive()


def test_an_engine_at_work_is_not_waited_for(horse: RunDirectory) -> None:
    Standing(horse).enter("training")
    with locked(horse):
        waiting = threading.Thread(target=let_leave, args=[horse], daemon=True)
        waiting.start()
        waiting.join(LEAVING_SECONDS / 2)
        assert not waiting.is_alive()
