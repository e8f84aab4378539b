"""Writing a checkpoint whole or not at all, keeping the newest, and loading what was written."""

from __future__ import annotations

import dataclasses
import math
import random
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from engine.batch import ImageBatch
from engine.checkpoint import (
    load_checkpoint,
    remove_surplus,
    set_aside_after,
    sweep,
    write_checkpoint,
)
from engine.errors import WorkError
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.protocol.checkpoints import (
    THUMBNAIL,
    Manifest,
    damage_of,
    list_checkpoints,
    read_manifest,
    replaced_of,
    set_star,
)
from engine.protocol.rundir import RunDirectory
from engine.retention import Retention
from engine.snapshot import NotFiniteError, Snapshot, copy_state
from tests.disks import fill, small_disk
from tests.runs import tiny_config

CPU = torch.device("cpu")


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def method_of(*settings: str) -> Method:
    return build_method(tiny_config(*settings), CPU)


def step(method: Method) -> dict[str, torch.Tensor]:
    batch = ImageBatch(real_A=torch.rand(1, 3, 32, 32) * 2 - 1, real_B=torch.rand(1, 3, 32, 32) * 2 - 1)
    return method.step(batch)


def snapshot_of(method: Method, step: int, **training: Any) -> Snapshot:
    manifest = Manifest(
        run="0", step=step, epoch=1, images=step, time=0.0, reason="schedule", losses={}, controls={}, files={}
    )
    return copy_state(method, training, manifest)


def test_what_is_loaded_is_what_was_saved(run: RunDirectory) -> None:
    saved, loaded = method_of(), method_of("run.seed=1")
    step(saved)
    folder = write_checkpoint(run, snapshot_of(saved, 7, answer=42, nested={"list": [1, torch.ones(2)]}))
    expected = [step(saved) for _ in range(3)], random.random(), torch.rand(3)
    training = load_checkpoint(folder, read_manifest(folder), loaded)
    assert training["answer"] == 42
    assert torch.equal(training["nested"]["list"][1], torch.ones(2))
    assert [step(loaded) for _ in range(3)] == expected[0]
    assert random.random() == expected[1]
    assert torch.equal(torch.rand(3), expected[2])


def test_a_snapshot_is_a_copy_that_training_does_not_reach(run: RunDirectory) -> None:
    method = method_of()
    snapshot = snapshot_of(method, 1)
    before = {name: {key: value.clone() for key, value in state.items()} for name, state in snapshot.networks.items()}
    step(method)
    for name, state in before.items():
        assert all(torch.equal(value, snapshot.networks[name][key]) for key, value in state.items())
    assert any(not torch.equal(value, before["G_A"][key]) for key, value in method.networks["G_A"].state_dict().items())


def test_a_checkpoint_says_what_it_holds_and_leaves_no_draft(run: RunDirectory) -> None:
    folder = write_checkpoint(run, snapshot_of(method_of(), 7))
    assert folder.name == "step-00000007"
    manifest = read_manifest(folder)
    networks = {f"{name}.safetensors" for name in ("G_A", "G_B", "D_A", "D_B")}
    assert set(manifest.files) == {*networks, "training.pt"}
    assert {path.name for path in folder.iterdir()} == {*manifest.files, "manifest.json"}
    assert damage_of(folder, manifest) == ""
    assert list(run.checkpoints.iterdir()) == [folder]


def test_a_write_that_fails_leaves_nothing(run: RunDirectory) -> None:
    snapshot = snapshot_of(method_of(), 7, unsaveable=lambda: None)
    with pytest.raises(Exception, match=r"pickle|lambda|local"):
        write_checkpoint(run, snapshot)
    assert list(run.checkpoints.iterdir()) == []


def test_the_same_step_again_replaces_the_older(run: RunDirectory) -> None:
    for seed in range(3):
        folder = write_checkpoint(run, snapshot_of(method_of(f"run.seed={seed}"), 7))
    assert list(run.checkpoints.iterdir()) == [folder]
    method = method_of()
    load_checkpoint(folder, read_manifest(folder), method)
    assert torch.equal(
        next(method.networks["G_A"].parameters()), next(method_of("run.seed=2").networks["G_A"].parameters())
    )


def test_one_with_a_star_or_of_another_run_is_set_aside_instead(run: RunDirectory) -> None:
    set_star(write_checkpoint(run, snapshot_of(method_of(), 7)), True)
    write_checkpoint(run, snapshot_of(method_of(), 7))
    other = snapshot_of(method_of(), 7)
    write_checkpoint(run, dataclasses.replace(other, manifest=msgspec.structs.replace(other.manifest, run="other")))
    names = sorted(path.name for path in run.checkpoints.iterdir())
    assert names == ["abandoned-1-step-00000007", "abandoned-2-step-00000007", "step-00000007"]


def test_one_whose_name_was_being_taken_gets_it_back_unless_that_was_done(run: RunDirectory) -> None:
    """As a kill between two renames leaves it."""
    folder = write_checkpoint(run, snapshot_of(method_of(), 7))
    folder.rename(replaced_of(folder))
    sweep(run)
    assert damage_of(folder, read_manifest(folder)) == ""
    shutil.copytree(folder, replaced_of(folder))
    sweep(run)
    assert list(run.checkpoints.iterdir()) == [folder]


def test_the_newest_are_kept(run: RunDirectory) -> None:
    folders = {number: write_checkpoint(run, snapshot_of(method_of(), number)) for number in (9, 100, 20, 3)}
    two = Retention(keep=2)
    assert remove_surplus(run, two, newest=folders[3]) == (9,)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [3, 20, 100], "what was written last stays"
    assert remove_surplus(run, two, newest=folders[100]) == (3,)
    assert remove_surplus(run, two, newest=folders[100]) == ()
    assert len(list(run.checkpoints.iterdir())) == 2


def test_checkpoints_of_a_course_not_continued_are_set_aside_whole(run: RunDirectory) -> None:
    for number in (10, 20, 30):
        write_checkpoint(run, snapshot_of(method_of(), number))
    set_aside_after(run, 10)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [10]
    for name in ("abandoned-1-step-00000020", "abandoned-1-step-00000030"):
        assert damage_of(run.checkpoints / name, read_manifest(run.checkpoints / name)) == ""


def test_what_a_killed_engine_was_writing_or_deleting_is_swept_away(run: RunDirectory) -> None:
    folder = write_checkpoint(run, snapshot_of(method_of(), 10))
    for name in (".step-00000020.77.part", ".step-00000005.old"):
        (run.checkpoints / name).mkdir()
        (run.checkpoints / name / "G_A.safetensors").touch()
    run.samples.mkdir()
    for draft in (run.samples / ".step-00000009.png.part", run.root / ".run.json.77.part"):
        draft.touch()
    sweep(run)
    assert list(run.checkpoints.iterdir()) == [folder]
    assert not list(run.root.rglob(".*"))


@pytest.mark.parametrize("name", ["G_A.safetensors", "D_B.safetensors", "training.pt"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
def test_a_damaged_file_is_named_and_nothing_loaded(run: RunDirectory, name: str, damage: str) -> None:
    folder = write_checkpoint(run, snapshot_of(method_of("run.seed=1"), 7))
    content = (folder / name).read_bytes()
    if damage == "missing":
        (folder / name).unlink()
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        (folder / name).write_bytes(content[:-1] if damage == "truncated" else flipped)
    method = method_of()
    before = {key: value.clone() for key, value in method.networks["G_A"].state_dict().items()}
    with pytest.raises(WorkError) as caught:
        load_checkpoint(folder, read_manifest(folder), method)
    assert caught.value.subject == "checkpoint step-00000007"
    assert name in caught.value.fact
    assert all(torch.equal(value, before[key]) for key, value in method.networks["G_A"].state_dict().items())


def test_networks_of_another_shape_do_not_fit(run: RunDirectory) -> None:
    folder = write_checkpoint(run, snapshot_of(method_of(), 7))
    with pytest.raises(WorkError, match="does not fit this run"):
        load_checkpoint(folder, read_manifest(folder), method_of("generator.width=8"))


# ---------------------------------------------------------------------------------------- what is not to be saved


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["network", "optimizer"])
def test_a_state_that_is_not_finite_is_refused_by_name_and_nothing_written(
    run: RunDirectory, place: str, value: float
) -> None:
    method = method_of()
    step(method)
    with torch.no_grad():
        if place == "network":
            list(method.networks["D_A"].parameters())[-1].view(-1)[-1] = value
        else:
            next(iter(method.optimizers["G"].state.values()))["exp_avg"].view(-1)[0] = value
    with pytest.raises(NotFiniteError) as caught:
        write_checkpoint(run, snapshot_of(method, 7))
    assert caught.value.names == ("D_A" if place == "network" else "optimizer G")
    assert not run.checkpoints.exists()


def test_a_thumbnail_is_one_of_its_files(run: RunDirectory) -> None:
    manifest = snapshot_of(method_of(), 7).manifest
    folder = write_checkpoint(run, copy_state(method_of(), {}, manifest, thumbnail=b"png"))
    assert (folder / THUMBNAIL).read_bytes() == b"png"
    assert THUMBNAIL in read_manifest(folder).files
    (folder / THUMBNAIL).write_bytes(b"pnG")
    assert THUMBNAIL in damage_of(folder, read_manifest(folder))


def test_a_full_disk_is_called_so_and_leaves_nothing(run: RunDirectory, tmp_path: Path) -> None:
    """Whichever file it is that finds no room."""
    size = sum(path.stat().st_size for path in write_checkpoint(run, snapshot_of(method_of(), 7)).iterdir())
    with small_disk(tmp_path / "disk", kilobytes=4000) as disk:
        there = RunDirectory(disk / "run")
        there.root.mkdir()
        for room in range(0, size, 40_000):
            ballast = fill(disk, leave_bytes=room)
            with pytest.raises(OSError, match="No space left"):
                write_checkpoint(there, snapshot_of(method_of(), 7))
            assert not list(there.checkpoints.glob("*")), room
            ballast.unlink()
        write_checkpoint(there, snapshot_of(method_of(), 7))
