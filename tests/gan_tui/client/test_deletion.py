"""Deleting a run: what it says, what it refuses, and what a crash in the middle of it leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from engine.errors import RequestError, WorkError
from engine.protocol.adoption import adopt_checkpoint
from engine.protocol.checkpoints import MANIFEST, list_checkpoints
from engine.protocol.remarks import Remarks, write_remarks
from engine.protocol.rundir import Parent, Replay, RunDirectory, create_run, read_identity, write_identity
from gan_tui.client.deletion import TRASH, delete_run, empty_trash, look_at, require_deletable
from gan_tui.client.ways import BrowserKeys
from tests.gan_tui.client.locked import locked
from tests.gan_tui.conftest import make_run, write_checkpoint

NARROW = 76
"""Characters that the browser's bottom line has for a refusal, on a terminal of 80 columns."""


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A stopped run with two checkpoints."""
    made = make_run(tmp_path)
    for step in (10_000, 20_000):
        write_checkpoint(made, step)
    return made


def grown(run: RunDirectory, name: str, *, replays: bool = False) -> RunDirectory:
    parent = Parent(run=str(run.root), id=read_identity(run).id, step=20_000)
    again = Replay(run=str(run.root), id=read_identity(run).id, last_step=20_000)
    return create_run(
        run.root.parent,
        name=name,
        method="cyclegan",
        preset="quickstart",
        config_toml="",
        parent=None if replays else parent,
        replays=again if replays else None,
    )


def test_a_run_is_deleted_whole(run: RunDirectory) -> None:
    delete_run(run)
    assert list(run.root.parent.iterdir()) == [], "neither the run nor a trash is left"


def test_what_hangs_on_it_is_said_and_stays(run: RunDirectory) -> None:
    branch = grown(run, "branch")
    grown(run, "again", replays=True)
    folder, manifest = list_checkpoints(run)[-1]
    adopt_checkpoint(branch, folder, manifest)
    seen = look_at(run)
    assert seen.children == ("again", "branch")
    assert seen.checkpoints == 2
    assert seen.shared == manifest.size + (folder / MANIFEST).stat().st_size, (
        "what the branch has as well does not become free"
    )
    lines = seen.in_words()
    assert "2 checkpoints" in lines[0]
    assert lines[1].endswith("more stay: other runs have these files as well.")
    assert "2 runs hang on it: again, branch." in lines[2]
    delete_run(run)
    kept, _ = list_checkpoints(branch)[0]
    assert (kept / "G_A.safetensors").stat().st_size == 41_000


def test_a_run_of_which_nothing_hangs_says_one_thing(run: RunDirectory) -> None:
    assert len(look_at(run).in_words()) == 1


def test_a_run_that_cannot_be_moved_stays_whole(run: RunDirectory) -> None:
    trash = run.root.parent / TRASH
    trash.write_text("a file of somebody else's")
    with pytest.raises(WorkError, match=r"cannot be moved into .* \(File exists\)") as refused:
        delete_run(run)
    assert refused.value.fix.startswith("It is whole. Make that a folder")
    assert read_identity(run).name == run.name


def test_a_run_at_work_is_not_deleted(run: RunDirectory) -> None:
    identity = read_identity(run)
    write_identity(run, msgspec.structs.replace(identity, state="training", pid=1))
    with locked(run), pytest.raises(RequestError, match=r"is being trained\. Stop it first") as refused:
        delete_run(run, BrowserKeys(keys={"stop": "F8"}))
    assert "Stop it first: Enter, then F8" in refused.value.one_line()[:NARROW], "by the user's keys"
    with locked(run), pytest.raises(RequestError, match=r"Stop it first: gan-tui ctl \S+ stop --wait"):
        delete_run(run)
    assert run.identity.exists()
    delete_run(run)
    assert not run.root.exists(), "a lost one is"


def test_nor_one_that_is_about_to_be_trained(run: RunDirectory) -> None:
    with pytest.raises(RequestError, match="is about to be trained"):
        delete_run(grown(run, "new"))


def test_nor_one_whose_lock_is_held_whatever_its_record_says(run: RunDirectory) -> None:
    """An engine that starts this very moment, or one under a damaged run.json."""
    with locked(run), pytest.raises(WorkError, match="is being trained by another engine"):
        delete_run(run)
    run.identity.write_bytes(b"{")
    with locked(run), pytest.raises(WorkError, match="is being trained by another engine"):
        delete_run(run)
    assert run.identity.exists()


def test_nor_one_that_may_be_trained_on_another_machine(run: RunDirectory) -> None:
    identity = read_identity(run)
    write_identity(run, msgspec.structs.replace(identity, state="training", pid=1, host="another-box"))
    with pytest.raises(RequestError, match="was last trained on another-box, and may be so still"):
        delete_run(run)


def test_nor_one_with_a_star(run: RunDirectory) -> None:
    write_remarks(run, Remarks(starred=True))
    with pytest.raises(RequestError, match="has a star and is kept") as refused:
        require_deletable(run, BrowserKeys(keys={"runs-star": "F4"}))
    assert "Take that away: F4" in refused.value.one_line()[:NARROW], "the user's key"
    with pytest.raises(RequestError, match="Take that away: in `gan-tui runs`"):
        require_deletable(run)


def test_nor_a_link(run: RunDirectory) -> None:
    link = run.root.with_name("link")
    link.symlink_to(run.root)
    with pytest.raises(RequestError, match="is a link to"):
        delete_run(RunDirectory(link))


def test_a_damaged_one_is_deleted(run: RunDirectory) -> None:
    run.identity.write_bytes(b"{")
    look_at(run)
    delete_run(run)
    assert not run.root.exists()


def test_a_deletion_that_was_killed_leaves_no_half_run_and_is_finished_by_the_next(run: RunDirectory) -> None:
    other = grown(run, "other")
    write_identity(other, msgspec.structs.replace(read_identity(other), state="stopped"))
    trash = run.root.parent / TRASH
    trash.mkdir()
    left = trash / "horse2zebra.0123456789ab.deleted"
    run.root.rename(left)
    shutil.rmtree(left / "checkpoints")
    (trash / "mine.txt").write_text("not a deleted run")
    delete_run(other)
    assert [path.name for path in trash.iterdir()] == ["mine.txt"], "nothing that is somebody else's is removed"
    (trash / "mine.txt").unlink()
    empty_trash(run.root.parent)
    assert not trash.exists()
