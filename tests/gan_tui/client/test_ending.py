"""Waiting for an engine: until it has let go of its run, and no longer than is promised."""

from __future__ import annotations

import threading

import pytest

from engine.errors import WorkError
from engine.protocol.rundir import RunDirectory
from engine.record import Standing
from gan_tui.client.ending import LEAVING_SECONDS, LOOK_SECONDS, await_end, let_leave
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
