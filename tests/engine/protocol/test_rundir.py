"""Run directories: made once, identified, and held by one engine at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from engine.errors import RequestError, WorkError
from engine.protocol.rundir import (
    NAME_PATTERN,
    STARTING_GRACE_SECONDS,
    Parent,
    RunDirectory,
    create_run,
    engine_is_alive,
    engine_lock,
    read_identity,
    require_unused_name,
    unused_name,
    viewed_state,
    write_atomically,
    write_identity,
)

HOLD = (
    "import sys, time; from pathlib import Path; from engine.protocol.rundir import RunDirectory, engine_lock\n"
    "with engine_lock(RunDirectory(Path(sys.argv[1]))):\n print('held', flush=True); sys.stdin.read()"
)


def make(folder: Path, name: str = "first", parent: Parent | None = None) -> RunDirectory:
    return create_run(folder, name=name, method="cyclegan", preset="p", config_toml="[run]\n", parent=parent)


@contextmanager
def holder(run: RunDirectory) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the run's lock until its stdin is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_new_run_has_its_preset_and_its_identity(tmp_path: Path) -> None:
    parent = Parent(run=str(tmp_path / "other"), step=40)
    run = make(tmp_path / "runs", parent=parent)
    assert run.config.read_text() == "[run]\n"
    identity = read_identity(run)
    assert (identity.name, identity.state, identity.pid, identity.parent) == ("first", "starting", None, parent)
    assert identity.id != read_identity(make(tmp_path / "runs", "second")).id
    assert sorted(path.name for path in run.root.iterdir()) == ["config.toml", "run.json"]


def test_a_taken_name_is_refused_and_what_is_there_kept(tmp_path: Path) -> None:
    run = make(tmp_path)
    before = run.identity.read_bytes()
    with pytest.raises(RequestError, match="exists already"):
        make(tmp_path)
    assert run.identity.read_bytes() == before
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match="exists already"):
        make(tmp_path, "file")


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a b", "-x", "a\n", "é", "x" * 101, "a\0b"])
def test_a_name_that_no_run_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RequestError, match="characters that a run name cannot have"):
        make(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_a_name_can_be_looked_at_before_a_run_is_made(tmp_path: Path) -> None:
    require_unused_name(tmp_path / "runs", "horse")
    assert list(tmp_path.iterdir()) == []
    make(tmp_path, "horse")
    with pytest.raises(RequestError, match="exists already"):
        require_unused_name(tmp_path, "horse")
    with pytest.raises(RequestError, match="characters that a run name cannot have"):
        require_unused_name(tmp_path, "a/b")


def test_a_folder_of_runs_that_cannot_be_made_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((RequestError, WorkError)) as caught:
        make(tmp_path / "file" / "runs")
    assert "file" in caught.value.one_line()


def test_unused_names_count_up_and_are_always_valid(tmp_path: Path) -> None:
    assert unused_name(tmp_path, "horse") == "horse"
    for expected in ("horse", "horse-2", "horse-3"):
        assert make(tmp_path, unused_name(tmp_path, "horse")).name == expected
    for odd in ("my preset!", "...", "", "--x", "ünï", "a/b", "_mine", "+x"):
        assert NAME_PATTERN.fullmatch(unused_name(tmp_path, odd)), odd


def test_the_longest_preset_name_still_gives_a_valid_run_name(tmp_path: Path) -> None:
    name = unused_name(tmp_path, "x" * 200)
    assert NAME_PATTERN.fullmatch(name)
    (tmp_path / name).mkdir()
    assert NAME_PATTERN.fullmatch(unused_name(tmp_path, "x" * 200))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"id": 3}', b'{"id": "\xff"}', b"[" * 100_000])
def test_a_damaged_identity_is_a_failure_with_a_name(tmp_path: Path, content: bytes) -> None:
    run = make(tmp_path)
    run.identity.write_bytes(content)
    with pytest.raises(WorkError, match="is damaged"):
        read_identity(run)


def test_a_folder_without_identity_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="is no run directory"):
        read_identity(RunDirectory(tmp_path))


def test_an_identity_survives_rewriting_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    run = make(tmp_path)
    changed = msgspec.structs.replace(read_identity(run), state="failed", reason='of "no"\nimport', exit_status=1)
    write_identity(run, changed)
    assert read_identity(run) == changed
    assert sorted(path.name for path in run.root.iterdir()) == ["config.toml", "run.json"]


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"


# ---------------------------------------------------------------------------------------------------------- the lock


def test_one_engine_at_a_time(tmp_path: Path) -> None:
    run = make(tmp_path)
    assert not engine_is_alive(run)
    with holder(run) as process:
        assert engine_is_alive(run)
        with pytest.raises(WorkError, match="is being trained by another engine"), engine_lock(run):
            pass
        assert engine_is_alive(run), "asking for it does not take it away"
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        assert not engine_is_alive(run)
        with engine_lock(run):
            pass


def test_a_killed_engine_lets_go_at_once_and_its_run_is_lost(tmp_path: Path) -> None:
    run = make(tmp_path)
    training = msgspec.structs.replace(read_identity(run), state="training", pid=1)
    with holder(run) as process:
        assert viewed_state(run, training) == "training"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not engine_is_alive(run)
        assert viewed_state(run, training) == "lost"
        with engine_lock(run):
            pass


def test_what_an_engine_said_last_stands_when_it_is_gone(tmp_path: Path) -> None:
    run = make(tmp_path)
    for state in ("finished", "stopped", "failed"):
        assert viewed_state(run, msgspec.structs.replace(read_identity(run), state=state)) == state


def test_a_new_run_may_take_a_while_to_start_but_not_for_ever(tmp_path: Path) -> None:
    run = make(tmp_path)
    identity = read_identity(run)
    assert viewed_state(run, identity) == "starting"
    long_ago = msgspec.structs.replace(identity, state_since=time.time() - STARTING_GRACE_SECONDS - 1)
    assert viewed_state(run, long_ago) == "lost"
    clock_set_back = msgspec.structs.replace(identity, state_since=time.time() + 3600)
    assert viewed_state(run, clock_set_back) == "lost"
    with holder(run):
        assert viewed_state(run, clock_set_back) == "starting"
    died = msgspec.structs.replace(identity, pid=1)
    assert viewed_state(run, died) == "lost"
