"""The preflight of a resume: everything that is to be known before an engine is started."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from engine.errors import RequestError, WorkError
from engine.protocol.checkpoints import MANIFEST, set_star
from engine.protocol.events import StagedChange
from engine.protocol.rundir import RunDirectory, read_identity, versions, write_identity
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.preflight import ControlStanding, Preflight, preflight, run_to_resume
from gan_tui.client.preflight_words import told
from gan_tui.client.preset_drift import Alteration
from tests.engine.train.here import train_here
from tests.gan_tui.client.resumable import cut, flip_a_bit, folder_of, rewrite
from tests.runs import make_images, make_run


def look(run: RunDirectory, chosen: str = "latest", *settings: str, thorough: bool = False) -> Preflight:
    _, seen = preflight(run, chosen, ResumeRequest(settings=settings), thorough=thorough)
    return seen


def test_a_resume_in_place(horse: RunDirectory) -> None:
    before = {path: path.read_bytes() for path in horse.root.rglob("*") if path.is_file()}
    set_star(folder_of(horse, 12), True)
    seen = look(horse)
    assert (seen.run, seen.path) == ("horse", str(horse.root))
    assert (seen.goes_on, seen.branch, seen.folder) == ("in place", "", str(horse.root.parent))
    chosen = seen.checkpoint
    assert chosen is not None
    assert (chosen.step, chosen.epoch, chosen.images, chosen.reason, chosen.damage) == (12, 3, 12, "end", "")
    assert (chosen.starred, chosen.best, chosen.path) == (True, True, str(folder_of(horse, 12)))
    assert chosen.objective is not None
    assert [reading.step for reading in chosen.recent] == list(range(1, 13))
    assert seen.horizon.steps_left == 12
    assert (seen.problems, seen.warnings, seen.unusable, seen.exit_status) == ((), (), (), 0)
    assert (seen.settings, seen.repeated_steps, seen.staged) == ((), 0, ())
    assert {path: path.read_bytes() for path in before} == before
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Preflight) == seen


def test_a_branch_with_other_settings(horse: RunDirectory) -> None:
    staged = StagedChange(at_step=20, values={"loss.cycle_b": 1.0}, by="you")
    rewrite(horse, 6, controls={"loss.cycle_a": 3.0, "optim.lr_g": 1e-3}, staged=(staged,))
    seen = look(horse, "6", "loss.cycle_a=4", "optim.epochs=9")
    assert (seen.goes_on, seen.branch) == ("branch", "horse-from-6")
    assert seen.settings == (
        Alteration(key="loss.cycle_a", before=3.0, after=4.0),
        Alteration(key="optim.epochs", before=2, after=9),
    )
    standing = {control.name: control for control in seen.controls}
    assert standing["loss.cycle_a"] == ControlStanding(name="loss.cycle_a", value=4.0, checkpoint=3.0, configured=10.0)
    assert [name for name, each in standing.items() if each.value != each.configured] == ["loss.cycle_a", "optim.lr_g"]
    assert seen.staged == (staged,)
    assert seen.repeated_steps == 0


def test_steps_that_were_not_saved_are_told(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    assert look(horse).repeated_steps == 3
    assert look(horse, "6").repeated_steps == 0, "a branch repeats nothing"


def test_a_damaged_newest_is_passed_over_with_a_warning(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    cut(horse, 3)
    (folder_of(horse, 6) / MANIFEST).write_bytes(b"")
    seen = look(horse)
    assert seen.checkpoint is not None
    assert (seen.checkpoint.step, seen.goes_on, seen.exit_status) == (9, "in place", 0)
    assert [(each.name, each.passed_over) for each in seen.unusable] == [
        ("step-00000012", True),
        ("step-00000003", False),
        ("step-00000006", False),
    ]
    [warning] = seen.warnings
    assert warning.subject == "checkpoint step-00000012"
    assert warning.fact.startswith("has a damaged file G_A.safetensors")
    assert warning.fix == "Step 9 is taken up instead; the damaged one is not deleted."
    assert run_to_resume(horse, "latest", ResumeRequest()) == horse


def test_a_damaged_one_that_was_asked_for_is_refused(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    seen = look(horse, "12")
    assert seen.exit_status == 1
    assert seen.checkpoint is not None
    assert seen.checkpoint.damage.startswith("has a damaged file G_A.safetensors")
    assert (seen.goes_on, seen.warnings) == ("nowhere", ())
    with pytest.raises(WorkError) as caught:
        run_to_resume(horse, "12", ResumeRequest())
    assert caught.value.fix == "The newest good one is step 9: gan-tui resume horse --checkpoint 9"


def test_a_run_of_which_no_checkpoint_can_be_read_goes_on_nowhere(horse: RunDirectory) -> None:
    for step in (3, 6, 9, 12):
        (folder_of(horse, step) / MANIFEST).write_bytes(b"{")
    seen = look(horse)
    assert (seen.checkpoint, seen.goes_on, seen.exit_status) == (None, "nowhere", 1)
    assert told(seen, "")[0].lines == ("from none of its checkpoints: they cannot be read",)


def test_others_are_read_when_it_is_to_be_thorough(horse: RunDirectory) -> None:
    flip_a_bit(horse, 3)
    assert look(horse).unusable == ()
    assert [each.name for each in look(horse, thorough=True).unusable] == ["step-00000003"]


def test_a_wrong_request_is_refused_and_makes_nothing(horse: RunDirectory) -> None:
    request = ResumeRequest(settings=("generator.width=8",))
    with pytest.raises(RequestError, match=r"generator\.width: is 8"):
        run_to_resume(horse, "latest", request)
    assert [path.name for path in horse.root.parent.iterdir()] == ["horse"]
    assert look(horse, "latest", "generator.width=8").exit_status == 2


def test_versions_then_and_now(horse: RunDirectory) -> None:
    now = versions()
    then = {**now, "torch": "1.0", "python": "3.1"}
    write_identity(horse, msgspec.structs.replace(read_identity(horse), versions=then))
    seen = look(horse)
    assert {each.key: (each.before, each.after) for each in seen.versions} == {
        name: (then[name], now[name]) for name in now
    }
    [warning] = seen.warnings
    assert warning.subject == "torch"
    assert warning.fact == f"is {now['torch']} now, and was 1.0 when the run was last started"


def test_the_data_and_the_device(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data")
    run = make_run(tmp_path / "runs", "run.steps=2", root=root)
    train_here(run)
    seen = look(run)
    assert (seen.data.source, seen.data.problem) == (str(root), "")
    assert (seen.device.before, seen.device.after) == ("cpu fp32", "cpu")
    (root / "trainB").rename(root / "zebras")
    seen = look(run)
    assert seen.data.problem.startswith(f"{root}: has no trainB")
    assert seen.exit_status == 2


def test_a_disk_that_is_nearly_full(horse: RunDirectory) -> None:
    disk = os.statvfs(horse.root)
    free = disk.f_bavail * disk.f_frsize
    weights = folder_of(horse, 12) / "huge"
    with weights.open("wb") as file:  # a hole: as large as half the disk, and next to nothing on it
        file.truncate(free // 2 + 2**30)
    manifest = msgspec.json.decode((folder_of(horse, 12) / MANIFEST).read_bytes())
    manifest["files"] = {"huge": {"sha256": "", "size": weights.stat().st_size}}
    (folder_of(horse, 12) / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    _, seen = preflight(horse, "latest", ResumeRequest(), examine=lambda folder, manifest: "")
    [warning] = seen.warnings
    assert " free, and a checkpoint takes " in warning.fact
    assert seen.problems == (), "a warning refuses nothing"


def test_a_run_without_checkpoints(tmp_path: Path) -> None:
    seen = look(make_run(tmp_path))
    assert (seen.checkpoint, seen.goes_on, seen.exit_status) == (None, "anew", 0)
    assert {control.value for control in seen.controls} == {control.configured for control in seen.controls}
