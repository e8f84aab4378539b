"""Everything for which a resume is refused, each with its subject, fact and fix."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.errors import RequestError, WorkError
from engine.protocol.checkpoints import MANIFEST
from engine.protocol.rundir import RunDirectory, read_identity
from gan_tui.client.branch import ResumeRequest, begin, plan_resume
from gan_tui.client.horizon import horizon_of
from gan_tui.client.obstacles import obstacles
from tests.engine.train.here import train_here
from tests.gan_tui.client.locked import locked
from tests.gan_tui.client.resumable import flip_a_bit, rewrite
from tests.runs import make_images, make_run


def refusals(run: RunDirectory, chosen: str = "latest", request: ResumeRequest | None = None) -> list[str]:
    """What is in the way, one line each."""
    plan = plan_resume(run, chosen, request or ResumeRequest())
    found = obstacles(plan, horizon_of(plan))
    return [f"{error.exit_code} {error.one_line()}" for error in found]


def asked(*settings: str) -> ResumeRequest:
    return ResumeRequest(settings=settings)


def test_nothing_is_in_the_way(horse: RunDirectory) -> None:
    assert refusals(horse) == []
    assert refusals(horse, "6") == []


@pytest.mark.parametrize("kind", ["pix2pix", "discogan", "dtn", "aegan"])
def test_another_method(horse: RunDirectory, kind: str) -> None:
    """No key of the run's own, of which nobody has said anything, is blamed for it."""
    line, *_ = refusals(horse, "latest", asked(f"method.kind={kind}"))
    fact = f"2 method.kind: is {kind}, and the checkpoint's weights were trained with cyclegan. Leave it, or train anew"
    assert line.startswith(fact)


def test_other_images_and_another_schedule_are_none(horse: RunDirectory, tmp_path: Path) -> None:
    """What config.toml says of the former ones falls away."""
    root = make_images(tmp_path / "images")
    assert refusals(horse, "latest", asked("data.kind=unpaired", f"data.root={root}")) == []
    assert refusals(horse, "latest", asked("optim.schedule=cosine", "optim.epochs=9")) == []
    rewrite(horse, 12, controls={"optim.lr_d": 0.0, "loss.cycle_a": 0.0, "loss.cycle_b": 0.0, "loss.adversarial": 0.0})
    assert refusals(horse, "latest", ResumeRequest(branch=True)) == [], "controls may go to 0 while a run trains"


def test_more_processes_than_a_batch_has_images(horse: RunDirectory) -> None:
    """The batch that counts is that of the run that goes on."""
    fact = "is shared out among 4 processes, and some would have no image"
    [line] = refusals(horse, "latest", ResumeRequest(gpus=4))
    assert line.startswith(f"2 run.batch = 1: {fact}")
    assert refusals(horse, "latest", ResumeRequest(settings=("run.batch=4",), gpus=4)) == []
    [line] = refusals(horse, "latest", ResumeRequest(settings=("run.batch=3",), gpus=4))
    assert line.startswith(f"2 run.batch = 3: {fact}")


def test_an_engine_at_work(horse: RunDirectory) -> None:
    with locked(horse):
        [line] = refusals(horse)
        assert line.startswith("2 run horse: is being trained now. Attach to it: gan-tui attach horse; or")
        assert refusals(horse, "6") == [], "a branch only reads it"
        assert refusals(horse, "latest", ResumeRequest(branch=True)) == []


def test_a_damaged_checkpoint_is_named_with_the_newest_good_one(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    [line] = refusals(horse, "12")
    assert line.startswith("1 checkpoint 12 of run horse: has a damaged file G_A.safetensors (its SHA-256 differs")
    assert line.endswith(". The newest good one is step 9: gan-tui resume horse --checkpoint 9")
    assert refusals(horse) == [], "the newest whole one is taken"
    for step in (3, 6, 9):
        flip_a_bit(horse, step)
    [line] = refusals(horse)
    assert line.startswith("1 run horse: has no undamaged checkpoint; that of step 12 has a damaged file")
    assert line.endswith(". Restore its files from a backup, or train it anew: gan-tui train tiny")


@pytest.mark.parametrize("kept", [True, False], ids=["its own copy", "its parent's"])
def test_a_branch_whose_beginning_is_damaged(horse: RunDirectory, kept: bool) -> None:
    """Its copy may be one file with the parent's, and then one flipped bit damages both."""
    branch = begin(plan_resume(horse, "6", ResumeRequest(branch=True)))
    flip_a_bit(horse, 6)
    if not kept:
        shutil.rmtree(branch.checkpoints)
    [line] = refusals(branch)
    assert line.startswith("1 run horse-from-6: has no undamaged checkpoint; that of step 6 has a damaged file")
    assert line.endswith(f"or branch from another checkpoint of its parent: gan-tui checkpoints {horse.root}")


def test_a_run_does_not_begin_anew_because_its_checkpoints_cannot_be_read(horse: RunDirectory) -> None:
    for folder in horse.checkpoints.iterdir():
        (folder / MANIFEST).write_bytes(b"{")
    [line] = refusals(horse)
    assert line.startswith("1 run horse: has checkpoints, and none that can be read: step-00000003 has no readable")
    assert line.endswith("Restore one from a backup, or train it anew: gan-tui train tiny")
    for chosen, request in (("9", None), ("best", None), ("latest", ResumeRequest(branch=True))):
        assert refusals(horse, chosen, request) == [line]
    shutil.rmtree(horse.checkpoints)
    [line] = refusals(horse)
    assert line.startswith(
        "1 run horse: has none of the checkpoints left that its journal tells of, the newest of step 12"
    )
    assert str(horse.checkpoints) in line


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (("generator.width=8",), "2 generator.width: is 8, and the checkpoint's weights were trained with 4. Leave it"),
        (
            ("run.steps=10",),
            "2 run.steps = 10: is behind the checkpoint, which is of step 12. Ask for more",
        ),
        (
            ("run.steps=12",),
            "2 run horse: has done all its steps at 12. Train longer in a branch: gan-tui resume horse",
        ),
        (("run.steps=0", "optim.epochs=1", "optim.decay_epochs=1"), "--checkpoint 12 --set optim.epochs=4"),
        (("run.steps=12", "optim.epochs=1", "optim.decay_epochs=1"), "--set optim.epochs=4 --steps 0"),
        (("data.crop=34",), "data.crop"),
    ],
)
def test_settings_that_do_not_suit_the_checkpoint(horse: RunDirectory, settings: tuple[str, ...], words: str) -> None:
    lines = refusals(horse, "latest", asked(*settings))
    assert any(words in line for line in lines), lines


def test_networks_of_another_kind(horse: RunDirectory) -> None:
    config = horse.config.read_text()
    horse.config.write_text(config.replace("layers = 1\nscales = 1\n", ""))  # which pixel discriminators do not have
    [line] = refusals(horse, "latest", asked("discriminator.arch=pixel"))
    fact = "is pixel, and the checkpoint's weights were trained with patch"
    assert line == f"2 discriminator.arch: {fact}. Leave it, or train anew: gan-tui train"


def test_a_configuration_that_was_edited_by_hand(horse: RunDirectory) -> None:
    edited = re.sub(r"(\[generator\][^\[]*?width = )4", r"\g<1>8", horse.config.read_text())
    horse.config.write_text(edited)
    [line] = refusals(horse)
    fact = "is 8, and the checkpoint's weights were trained with 4"
    assert line == f"2 generator.width: {fact}. Put it back in {horse.config}, or train anew: gan-tui train"
    assert refusals(horse, "latest", asked("generator.width=4")) == []


def test_first_weights_matter_no_more(horse: RunDirectory) -> None:
    assert refusals(horse, "latest", asked("generator.init=xavier", "generator.init_gain=1")) == []


@pytest.mark.parametrize("settings", [(), ("data.images=9",)], ids=["known", "not known"])
def test_a_finished_run(trained: RunDirectory, settings: tuple[str, ...]) -> None:
    [line] = refusals(trained, "latest", asked(*settings))
    assert line.endswith("gan-tui resume horse --checkpoint 12 --steps 24")
    limited = asked("optim.epochs=2", "optim.decay_epochs=1", *settings)
    [line] = refusals(trained, "latest", limited)
    assert line.endswith(f"--checkpoint 12 --steps {24 if settings else 15}"), "no further than the epochs go"
    assert refusals(trained, "latest", asked("run.steps=13", *settings)) == []
    assert refusals(trained, "9", asked(*settings)) == []


def test_data_that_are_gone(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data")
    run = make_run(tmp_path / "runs", "run.steps=2", root=root)
    train_here(run)
    assert refusals(run, "latest", asked("run.steps=9")) == []
    root.rename(tmp_path / "moved")
    [line] = refusals(run, "latest", asked("run.steps=9"))
    assert line == f"2 {root}: does not exist. Set --data or data.root to a folder that holds trainA and trainB."
    assert refusals(run, "latest", asked("run.steps=9", f"data.root={tmp_path / 'moved'}")) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_gone(horse: RunDirectory) -> None:
    horse.config.write_text(horse.config.read_text().replace('device = "cpu"', 'device = "cuda"'))
    [line] = refusals(horse)
    assert line.startswith("2 run.device = cuda: asks for CUDA, and this machine has no NVIDIA GPU")
    assert refusals(horse, "latest", asked("run.device=cpu")) == []


def test_names_that_a_branch_cannot_have(horse: RunDirectory) -> None:
    [line] = refusals(horse, "6", ResumeRequest(name="horse"))
    assert line == f"2 run horse: exists already in {horse.root.parent}. Choose another --name."
    [line] = refusals(horse, "6", ResumeRequest(name="a/b"))
    assert "characters that a run name cannot have" in line


# ------------------------------------------------------------------------------------------------------------ the disk


@pytest.fixture
def read_only(horse: RunDirectory, tmp_path: Path) -> Iterator[RunDirectory]:
    """The run on a file system that is mounted read-only, as root is refused nothing else."""
    mount = tmp_path / "mount"
    mount.mkdir()

    def mounted(*arguments: str) -> None:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")

    try:
        mounted("-t", "tmpfs", "tmpfs", str(mount))
        shutil.copytree(horse.root, mount / "horse")
        mounted("-o", "remount,ro", str(mount))
        yield RunDirectory(mount / "horse")
    finally:
        subprocess.run(["umount", "-l", str(mount)], capture_output=True, check=False)


def test_a_run_on_a_read_only_file_system_is_refused_and_branched_elsewhere(
    read_only: RunDirectory, tmp_path: Path
) -> None:
    advice = f"gan-tui resume {read_only.root} --branch --runs-dir DIR"
    [line] = refusals(read_only)
    assert line == f"2 run horse: lies on a read-only file system. Branch from it elsewhere: {advice}"
    [line] = refusals(read_only, "6")
    assert line.startswith(
        f"2 {read_only.root.parent}: lies on a read-only file system. Choose a folder for the branch"
    )
    elsewhere = ResumeRequest(branch=True, folder=tmp_path / "new" / "runs")
    assert refusals(read_only, "latest", elsewhere) == []
    branch = begin(plan_resume(read_only, "latest", elsewhere))
    branch.config.write_text(branch.config.read_text().replace("steps = 24", "steps = 13"))
    train_here(branch)
    assert read_identity(branch).state == "finished"


def test_a_runs_folder_that_is_a_file(horse: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    [line] = refusals(horse, "latest", ResumeRequest(branch=True, folder=tmp_path / "file"))
    assert line == f"2 {tmp_path / 'file'}: is not a folder. Choose another --runs-dir."


def test_errors_are_of_the_two_kinds(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    plan = plan_resume(horse, "12", asked("generator.width=8"))
    assert [type(error) for error in obstacles(plan, horizon_of(plan))] == [WorkError, RequestError]
