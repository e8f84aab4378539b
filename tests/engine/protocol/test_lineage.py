"""Lineage: whose records are a branch's history, up to where, and when the line of ancestors ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, Manifest, folder_name
from engine.protocol.lineage import Ancestor, ancestry, origin_checkpoint, read_inherited
from engine.protocol.rundir import Parent, Replay, RunDirectory, create_run, read_identity, write_identity
from tests.engine.protocol.test_record import append, metrics


def make(folder: Path, name: str, parent: Parent | None = None) -> RunDirectory:
    return create_run(folder, name=name, method="cyclegan", preset="p", config_toml="", parent=parent)


def parent_of(run: RunDirectory, step: int, seq: int = 0) -> Parent:
    return Parent(run=str(run.root), id=read_identity(run).id, step=step, seq=seq)


def line(run: RunDirectory) -> list[tuple[str, int, int]]:
    return [(ancestor.run.name, ancestor.step, ancestor.seq) for ancestor in ancestry(run)]


def test_a_run_that_is_no_branch_has_no_ancestors(tmp_path: Path) -> None:
    assert ancestry(make(tmp_path, "root")) == ()


def test_ancestors_come_oldest_first_each_with_its_share(tmp_path: Path) -> None:
    root = make(tmp_path, "root")
    middle = make(tmp_path, "middle", parent_of(root, step=40, seq=90))
    leaf = make(tmp_path, "leaf", parent_of(middle, step=70, seq=31))
    assert line(leaf) == [("root", 40, 90), ("middle", 70, 31)]
    assert line(middle) == [("root", 40, 90)]


def test_the_line_ends_where_a_parent_is_gone(tmp_path: Path) -> None:
    root = make(tmp_path, "root")
    middle = make(tmp_path, "middle", parent_of(root, 40))
    leaf = make(tmp_path, "leaf", parent_of(middle, 70))
    shutil.rmtree(root.root)
    assert line(leaf) == [("middle", 70, 0)]
    middle.identity.write_bytes(b"{")
    assert line(leaf) == []


def test_another_run_in_the_parents_place_is_not_taken_for_it(tmp_path: Path) -> None:
    parent = parent_of(make(tmp_path, "root"), 40)
    leaf = make(tmp_path, "leaf", parent)
    shutil.rmtree(tmp_path / "root")
    make(tmp_path, "root")
    assert line(leaf) == []
    unnamed = make(tmp_path, "old", replace(parent, id=""))
    assert line(unnamed) == [("root", 40, 0)], "an old branch names no id"


def test_a_folder_of_runs_that_was_moved_keeps_its_lineage(tmp_path: Path) -> None:
    root = make(tmp_path / "runs", "root")
    leaf = make(tmp_path / "runs", "leaf", parent_of(root, 40))
    assert line(leaf) == [("root", 40, 0)]
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    moved = RunDirectory(tmp_path / "elsewhere" / "leaf")
    assert [ancestor.run.root for ancestor in ancestry(moved)] == [tmp_path / "elsewhere" / "root"]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_runs_that_descend_from_each_other_are_met_once(tmp_path: Path, length: int) -> None:
    runs = [make(tmp_path, f"run-{number}") for number in range(length)]
    for number, run in enumerate(runs):
        write_identity(run, replace(read_identity(run), parent=parent_of(runs[number - 1], 5)))
    assert len(ancestry(runs[0])) == length - 1


# ------------------------------------------------------------------------------------------ where a branch begins


def saved(run: RunDirectory, step: int, seq: int, by: RunDirectory | None = None) -> Path:
    """A checkpoint's manifest in a run's folder."""
    folder = run.checkpoints / folder_name(step)
    folder.mkdir(parents=True)
    manifest = Manifest(
        run=read_identity(by or run).id, seq=seq, step=step, epoch=1, images=step, time=0.0, reason="request",
        losses={}, controls={}, files={},
    )  # fmt: skip
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return folder


def origin(run: RunDirectory) -> Path | None:
    found = origin_checkpoint(run, read_identity(run))
    return found[0] if found else None


def test_a_branch_begins_at_its_parents_checkpoint(tmp_path: Path) -> None:
    root = make(tmp_path, "root")
    saved(root, 30, seq=70)
    folder = saved(root, 40, seq=90)
    assert origin(make(tmp_path, "leaf", parent_of(root, 40, 90))) == folder
    assert origin(make(tmp_path, "unknown-seq", parent_of(root, 40))) == folder
    assert origin(make(tmp_path, "of-a-void-course", parent_of(root, 40, 55))) is None
    assert origin(make(tmp_path, "of-another-step", parent_of(root, 50, 90))) is None
    assert origin(root) is None


def test_where_a_branch_begins_is_found_after_a_move(tmp_path: Path) -> None:
    root = make(tmp_path / "runs", "root")
    saved(root, 40, seq=90)
    make(tmp_path / "runs", "leaf", parent_of(root, 40, 90))
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    moved = RunDirectory(tmp_path / "elsewhere" / "leaf")
    assert origin(moved) == tmp_path / "elsewhere" / "root" / "checkpoints" / folder_name(40)


def test_a_checkpoint_of_another_run_in_the_parents_place_is_not_where_a_branch_begins(tmp_path: Path) -> None:
    root = make(tmp_path, "root")
    saved(root, 40, seq=90)
    leaf = make(tmp_path, "leaf", parent_of(root, 40, 90))
    root.identity.write_bytes(b"{")
    assert origin(leaf) == root.checkpoints / folder_name(40), "it says itself whose it is"
    shutil.rmtree(root.root)
    saved(make(tmp_path, "root"), 40, seq=90)
    assert origin(leaf) is None


def test_a_replay_of_a_branch_begins_at_the_copy_that_the_branch_kept(tmp_path: Path) -> None:
    root = make(tmp_path / "runs", "root")
    saved(root, 40, seq=90)
    parent = parent_of(root, 40, 90)
    branch = make(tmp_path / "runs", "branch", parent)
    copy = saved(branch, 40, seq=90, by=root)
    saved(branch, 50, seq=90)
    replays = Replay(run=str(branch.root), id=read_identity(branch).id, last_step=60)
    replay = create_run(
        tmp_path / "runs", name="replay", method="cyclegan", preset="p", config_toml="", parent=parent, replays=replays
    )
    assert origin(replay) == copy
    shutil.rmtree(root.root)
    assert origin(replay) == copy
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere"
    assert origin(RunDirectory(moved / "replay")) == moved / "branch" / "checkpoints" / folder_name(40)


# ------------------------------------------------------------------------------------------ what is inherited


@pytest.fixture
def root(tmp_path: Path) -> RunDirectory:
    """Steps 1 to 6; back to 4; 5 to 8. A sheet and a nudge at 3, a nudge at 8."""
    run = make(tmp_path, "root")
    change = (ev.Change(name="loss.cycle_a", old=10.0, new=5.0),)
    append(run.metrics, *(metrics(seq) for seq in (1, 2, 3)))
    append(run.events, ev.Sampled(seq=4, step=3, time=0.0, path="samples/step-00000003.png", tile=8, rows=(("a",),)))
    append(run.events, ev.Nudged(seq=5, step=3, time=0.0, changes=change, by="me"))
    append(run.metrics, *(replace(metrics(seq), step=seq - 2) for seq in (6, 7, 8)))
    append(run.events, ev.Resumed(seq=9, step=4, time=0.0, from_step=4, checkpoint="c", from_seq=6))
    append(run.metrics, *(replace(metrics(seq), step=seq - 5) for seq in (10, 11, 12, 13)))
    append(run.events, ev.Nudged(seq=14, step=8, time=0.0, changes=change, by="me"))
    return run


def seqs(ancestor: Ancestor) -> list[int]:
    return [event.seq for event in read_inherited(ancestor)]


def test_what_was_recorded_after_the_copy_is_not_inherited(root: RunDirectory) -> None:
    assert seqs(Ancestor(run=root, step=7, seq=12)) == list(range(1, 13))
    assert seqs(Ancestor(run=root, step=5, seq=7)) == [1, 2, 3, 4, 5, 6, 7], "the course that was given up later"


def test_a_sheet_that_was_still_being_written_at_the_copy_is_inherited(root: RunDirectory) -> None:
    for seq, step in ((15, 7), (16, 8)):
        path = f"samples/step-{step:08d}.png"
        append(root.events, ev.Sampled(seq=seq, step=step, time=0.0, path=path, tile=8, rows=(("a",),)))
    assert seqs(Ancestor(run=root, step=7, seq=12)) == [*range(1, 13), 15]
    assert seqs(Ancestor(run=root, step=7, seq=8)) == list(range(1, 9)), "those are of another course"


def test_where_only_the_step_is_known_the_final_course_is_inherited(root: RunDirectory) -> None:
    assert seqs(Ancestor(run=root, step=5, seq=0)) == [1, 2, 3, 4, 5, 6, 7, 9, 10]
    assert seqs(Ancestor(run=root, step=3, seq=0)) == [1, 2, 3, 4, 5]


def test_contact_sheets_can_be_read_from_another_run(root: RunDirectory) -> None:
    [sheet] = [event for event in read_inherited(Ancestor(run=root, step=3, seq=0)) if isinstance(event, ev.Sampled)]
    assert sheet.path == str(root.root / "samples" / "step-00000003.png")
