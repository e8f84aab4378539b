"""The follower's thread: what goes wrong in it is seen, and it can be left at any time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.protocol import commands as cmd
from engine.protocol.rundir import Endpoints, RunDirectory
from engine.record import Standing
from gan_tui.client.follow import Follower
from tests.gan_tui.client.locked import locked
from tests.gan_tui.client.test_stream import at_work
from tests.runs import make_run
from tests.until import until


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return make_run(tmp_path, name="r")


def started(follower: Follower, *failures: Exception) -> Follower:
    """The follower at work; its first notifications fail so."""
    waiting = iter(failures)

    def notify() -> None:
        for failure in waiting:
            raise failure

    follower.start(notify)
    return follower


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the listing itself is wanted


def test_a_run_is_followed_and_steered(run: RunDirectory) -> None:
    with at_work(run) as writer:
        writer.note(3)
        follower = started(Follower(run))
        until(lambda: follower.snapshot().link == "live", "the engine")
        writer.note()
        until(lambda: follower.snapshot().last_seq == 4, "its note")
        follower.send(cmd.Status())
        until(lambda: any(not exchange.waiting for exchange in follower.snapshot().exchanges), "its answer")
        follower.send(cmd.Pause())
        until(lambda: follower.snapshot().waiting_for(cmd.Pause), "the question")
    until(lambda: follower.snapshot().status == "lost", "the engine's end")
    assert [exchange.problem for exchange in follower.snapshot().exchanges] == ["", "the engine is gone"]
    follower.close()


def test_an_unexpected_failure_is_a_state(run: RunDirectory) -> None:
    with at_work(run) as writer:
        writer.note()
        follower = started(Follower(run), RuntimeError("the screen\nis gone"))
        until(lambda: follower.snapshot().status == "lost", "the state")
    assert "RuntimeError: the screen is gone" in follower.snapshot().link_detail
    follower.close()


def test_an_address_that_cannot_be_connected_to_is_a_state(run: RunDirectory) -> None:
    endpoints = Endpoints(events="nonsense", sheets="nonsense", commands="nonsense")
    Standing(run).update(state="training", pid=1, endpoints=endpoints)
    with locked(run):
        follower = started(Follower(run))
        until(lambda: follower.snapshot().status == "lost", "the state")
    assert "ZMQError" in follower.snapshot().link_detail
    follower.close()


def test_what_cannot_be_read_is_a_state(run: RunDirectory) -> None:
    run.events.mkdir()
    follower = started(Follower(run))
    until(lambda: follower.snapshot().status == "lost", "the state")
    assert str(run.events) in follower.snapshot().link_detail
    follower.close()


def never_started(run: RunDirectory) -> Follower:
    return Follower(run)


def at_its_work(run: RunDirectory) -> Follower:
    follower = started(Follower(run))
    until(lambda: follower.snapshot().link != "reading", "the record")
    return follower


def dead(run: RunDirectory) -> Follower:
    follower = started(Follower(run), RuntimeError("x"))
    until(lambda: follower.snapshot().status == "lost", "its end")
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "follower"], "the thread's end")
    return follower


@pytest.mark.parametrize("make", [never_started, at_its_work, dead])
def test_it_can_be_left_at_any_time_and_leaves_nothing_open(run: RunDirectory, make: object) -> None:
    assert callable(make)
    with at_work(run) as writer:
        writer.note()
        before = descriptors()
        for _ in range(3):
            follower = make(run)
            follower.close()
            follower.close()
            ours, theirs = os.pipe()  # takes the numbers that were freed
            follower.send(cmd.Pause())
            os.set_blocking(ours, False)
            with pytest.raises(BlockingIOError):
                os.read(ours, 1)
            os.close(ours)
            os.close(theirs)
        assert descriptors() == before


@pytest.fixture
def stillborn() -> Iterator[subprocess.Popen[bytes]]:
    """An engine that ends before it writes a word."""
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as process:
        yield process


def test_an_engine_that_ends_before_it_begins_is_seen_at_once(
    run: RunDirectory, stillborn: subprocess.Popen[bytes]
) -> None:
    follower = started(Follower(run, stillborn))
    until(lambda: follower.snapshot().status == "lost", "the state", seconds=15)
    assert str(run.log) in follower.snapshot().link_detail
    follower.close()


def test_a_failure_that_the_engine_wrote_is_told_in_its_words(
    run: RunDirectory, stillborn: subprocess.Popen[bytes]
) -> None:
    stillborn.wait()
    Standing(run).enter("failed", reason="no such device")
    follower = started(Follower(run, stillborn))
    until(lambda: follower.snapshot().link == "record", "the record")
    assert follower.snapshot().link_detail == ""
    follower.close()
