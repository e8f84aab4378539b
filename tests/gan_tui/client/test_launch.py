"""Starting an engine: detached from whoever started it, and announced in run.json before it is there."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.rundir import RunDirectory, read_identity, viewed_state
from engine.protocol.runtime import new_endpoints, socket_path
from engine.record import Record, Standing
from gan_tui.client.follow import Follower
from gan_tui.client.launch import start_engine
from gan_tui.client.stream import EventStream
from tests.gan_tui.client.locked import locked
from tests.runs import events_of, make_run
from tests.until import until

OLD = 1_000_000_000.0


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run made long ago whose configuration no engine can take up."""
    run = make_run(tmp_path, name="r")
    run.config.write_text("[nonsense]\n")
    old = json.loads(run.identity.read_text()) | {"created": OLD, "state_since": OLD}
    run.identity.write_text(json.dumps(old))
    return run


def ended(run: RunDirectory) -> Standing:
    """The run as an engine left it that was stopped."""
    standing = Standing(run)
    with Record(run) as record:
        record.write(ev.Stopped(**record.stamp(7), by="me", saved=True))
    standing.enter("stopped", exit_status=0, reason="left over", pid=1)
    return standing


def test_the_engine_has_a_session_of_its_own_and_no_terminal(run: RunDirectory) -> None:
    engine = start_engine(run)
    folder = Path("/proc") / str(engine.pid)
    assert os.getsid(engine.pid) == engine.pid != os.getsid(0)
    assert (folder / "fd/0").readlink() == Path("/dev/null")
    assert {(folder / f"fd/{number}").readlink() for number in (1, 2)} == {run.log}
    assert (folder / "cwd").readlink() == run.root
    assert engine.wait(120) == 2
    assert "nonsense: is not a preset section" in run.log.read_text()
    identity = read_identity(run)
    assert (identity.state, identity.exit_status) == ("failed", 2)
    [failure] = events_of(run, ev.Failed)
    assert failure.reason in identity.reason


def test_an_engine_has_no_place_among_others_processes(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a job of several ranks starts a run of its own."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.setenv(name, "7")
    assert start_engine(run).wait(120) == 2
    assert "nonsense: is not a preset section" in run.log.read_text()


def test_an_engine_finds_weights_that_are_named_from_where_it_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It works in the run's directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAN_TUI_FID_WEIGHTS", "absent.pth")
    run = make_run(tmp_path / "runs", "run.steps=1", "evaluation.every=1", 'evaluation.figures=["fid"]')
    assert start_engine(run).wait(120) == 2
    assert f"GAN_TUI_FID_WEIGHTS={tmp_path / 'absent.pth'}: is not a file" in run.log.read_text()


def test_a_run_taken_up_again_starts_from_that_moment(run: RunDirectory) -> None:
    standing = ended(run)
    assert viewed_state(run, standing.identity) == "stopped"
    engine = start_engine(run)
    engine.kill()
    engine.wait()
    identity = read_identity(run)
    assert (identity.state, identity.pid, identity.reason, identity.exit_status) == ("starting", None, "", None)
    assert abs(identity.state_since - time.time()) < 100
    assert viewed_state(run, identity) == "starting", "the grace is counted from the start, not from the run's creation"


def test_viewers_of_a_run_taken_up_again_do_not_show_its_old_end(run: RunDirectory) -> None:
    ended(run)
    engine = start_engine(run)
    engine.kill()
    engine.wait()
    follower = Follower(run)
    seen = {follower.snapshot().status}
    follower.start(lambda: seen.add(follower.snapshot().status))
    until(lambda: follower.snapshot().status == "connecting", "the state")
    follower.close()
    assert seen == {"reading", "connecting"}
    with EventStream(run, engine) as stream:
        assert stream.engine == "lost"
        assert str(run.log) in stream.trouble


def test_a_run_that_is_being_trained_is_left_alone(run: RunDirectory) -> None:
    Standing(run).update(state="training", pid=1)
    before = run.identity.read_bytes()
    with locked(run):
        engine = start_engine(run)
        assert engine.wait(120) == 1
    assert run.identity.read_bytes() == before
    assert "is being trained by another engine" in run.log.read_text()


@pytest.fixture
def stale(run: RunDirectory) -> Iterator[list[Path]]:
    """Socket files of an engine that was killed."""
    endpoints = new_endpoints()
    paths = [path for path in map(socket_path, (endpoints.events, endpoints.sheets, endpoints.commands)) if path]
    for path in paths:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
    Standing(run).update(state="training", pid=1, endpoints=endpoints)
    yield paths
    for path in paths:
        path.unlink(missing_ok=True)


def test_what_a_killed_engine_left_is_removed(run: RunDirectory, stale: list[Path]) -> None:
    assert all(path.exists() for path in stale)
    start_engine(run).wait(120)
    assert not any(path.exists() for path in stale)


def test_a_damaged_run_starts_nothing(run: RunDirectory) -> None:
    run.identity.write_text("{")
    with pytest.raises(WorkError, match="is damaged"):
        start_engine(run)
    assert not run.log.exists()
