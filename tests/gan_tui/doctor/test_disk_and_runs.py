"""The disk of the runs, and what engines have left on it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.protocol.rundir import read_identity, write_identity
from engine.record import Standing
from gan_tui.doctor import disk, runs
from gan_tui.doctor.site import Site
from tests.gan_tui.doctor.sites import by_subject, site
from tests.runs import make_run


def mounted(folder: Path, kind: str, options: str = "rw") -> dict[str, str]:
    return {"/proc/self/mountinfo": f"22 1 8:1 / {folder} rw - {kind} somewhere {options}\n"}


@pytest.mark.parametrize(
    ("kind", "options", "mark", "words"),
    [
        ("ext4", "rw", "ok", "ext4"),
        ("nfs4", "rw,local_lock=none", "ok", "the locks of other machines are seen"),
        ("nfs", "rw,nolock", "note", "cannot be told by its lock"),
        ("fuse.sshfs", "rw", "note", "cannot be told by its lock"),
        ("tmpfs", "rw", "note", "gone when the machine is started anew"),
    ],
)
def test_the_kind_of_file_system(tmp_path: Path, kind: str, options: str, mark: str, words: str) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    found = by_subject(disk.examine(site(tmp_path / "root", mounted(folder, kind, options)), folder))
    assert (found["file system"].mark, words in found["file system"].fact) == (mark, True)


def test_writing_is_tried_where_the_runs_will_be_and_leaves_nothing(tmp_path: Path) -> None:
    found = by_subject(disk.examine(Site(), tmp_path / "new" / "runs"))
    assert "which the first run makes" in found["runs"].fact
    assert found["writing"].mark in ("ok", "note"), "how long it takes is the machine's affair"
    assert "kept for good in" in found["writing"].fact
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/1/task").is_dir(), reason="needs a folder that nobody can write")
def test_where_nothing_can_be_written_it_is_a_problem() -> None:
    finding = by_subject(disk.examine(Site(), Path("/proc/1/task")))["writing"]
    assert finding.mark == "problem"
    assert "cannot be written" in finding.fact


def test_a_run_that_lost_its_engine_is_told_with_the_way_on(tmp_path: Path) -> None:
    lost, stopped = make_run(tmp_path, name="lost-one"), make_run(tmp_path, name="stopped-one")
    Standing(lost).update(state="training", pid=1)
    Standing(stopped).update(state="stopped")
    found = by_subject(runs.examine(tmp_path))
    assert found["runs"].fact == "2; at work: none"
    assert found["lost"].mark == "note"
    assert found["lost"].fact.startswith("lost-one lost its engine")
    assert "gan-tui resume" in found["lost"].fix
    assert found["clock"].mark == "ok"


def test_a_run_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    make_run(tmp_path).identity.write_bytes(b"{")
    assert by_subject(runs.examine(tmp_path))["damaged"].mark == "problem"


def test_a_clock_that_is_behind_what_was_recorded(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    write_identity(run, replace(read_identity(run), state="stopped", state_since=time.time() + 3600))
    assert by_subject(runs.examine(tmp_path))["clock"].mark == "note"


def test_a_folder_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert by_subject(runs.examine(tmp_path / "none"))["runs"].fact == "0; at work: none"
