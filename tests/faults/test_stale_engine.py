"""An engine died without a word: its sockets, its pid and its last state stay behind, and mislead nobody."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.rundir import Endpoints, RunDirectory, engine_is_alive, read_identity, viewed_state, write_identity
from engine.protocol.runtime import socket_path
from gan_tui.client.stream import EventStream
from tests.gan_tui.cli.command import gan_tui, succeeded
from tests.runs import end_engines, engine_of, events_of, make_run, metrics_of, record_of
from tests.until import until


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run whose engine was killed after a checkpoint; only to be read."""
    run = make_run(tmp_path_factory.mktemp("dead"), "checkpoint.keep=9")
    with engine_of(run) as engine:
        engine.until_step(2)
        engine.ask(cmd.SaveCheckpoint())
        engine.until_event(ev.Checkpointed)
        engine.until_step(events_of(run, ev.Checkpointed)[0].saved_step + 3)
        engine.signal(signal.SIGKILL)
        assert engine.ended() == -signal.SIGKILL
    return run


@pytest.fixture
def killed(dead: RunDirectory, tmp_path: Path) -> Iterator[RunDirectory]:
    """A copy of it, ``runs/tiny``; by its run.json it trains, as a process that lives."""
    run = RunDirectory(shutil.copytree(dead.root, tmp_path / "runs" / dead.name))
    write_identity(run, msgspec.structs.replace(read_identity(run), pid=os.getpid()))
    yield run
    end_engines(tmp_path)


def sockets_of(endpoints: Endpoints | None) -> list[Path]:
    assert endpoints is not None
    paths = [socket_path(address) for address in msgspec.structs.astuple(endpoints)]
    return [path for path in paths if path is not None]


def test_it_is_called_lost_whatever_lives_under_its_number(killed: RunDirectory) -> None:
    identity = read_identity(killed)
    assert identity.state == "training"
    assert identity.pid == os.getpid(), "a process that lives, and is no engine"
    assert not engine_is_alive(killed)
    assert viewed_state(killed, identity) == "lost"
    [row] = json.loads(succeeded(gan_tui("runs", "--json", folder=killed.root.parents[1])))
    assert row["state"] == "lost"
    with EventStream(killed) as stream:
        assert stream.engine == "lost"
        assert not stream.send("1", "test", cmd.Pause())


def test_a_command_to_it_is_refused_at_once(killed: RunDirectory) -> None:
    done = gan_tui("ctl", "tiny", "pause", folder=killed.root.parents[1])
    assert done.returncode == 2
    assert "run tiny: has no engine at work. Start it: gan-tui resume tiny" in done.stderr


def test_a_resume_takes_the_run_up_and_leaves_no_socket_of_the_dead(killed: RunDirectory) -> None:
    dead = sockets_of(read_identity(killed).endpoints)
    assert all(path.is_socket() for path in dead), "a kill leaves them"
    saved = events_of(killed, ev.Checkpointed)[0].saved_step
    reached = metrics_of(killed)[-1].step
    before = killed.metrics.read_bytes(), killed.events.read_bytes()

    folder = killed.root.parents[1]
    assert succeeded(gan_tui("resume", "tiny", "--detach", folder=folder)).strip() == "tiny"

    assert not any(path.exists() for path in dead)
    identity = read_identity(killed)
    assert identity.pid not in (None, os.getpid())
    assert all(path.is_socket() for path in sockets_of(identity.endpoints))
    until(lambda: metrics_of(killed)[-1].step > reached, "steps beyond those of the dead engine")
    [resumed] = events_of(killed, ev.Resumed)
    assert resumed.from_step == saved
    succeeded(gan_tui("ctl", "tiny", "stop", "--discard", folder=folder))
    until(lambda: not engine_is_alive(killed), "its end")
    assert (killed.metrics.read_bytes()[: len(before[0])], killed.events.read_bytes()[: len(before[1])]) == before
    numbers = [event.seq for event in record_of(killed)]
    assert numbers == list(range(1, len(numbers) + 1))
