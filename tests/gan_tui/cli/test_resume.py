"""gan-tui resume: the preflight as JSON and as text, and what is started after it."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.rundir import Parent, RunDirectory, read_identity
from engine.record import Standing
from gan_tui.cli.resume import make_ready
from gan_tui.client.branch import ResumePlan, ResumeRequest
from gan_tui.client.preflight import Preflight, preflight
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND, Finished, gan_tui, refusal, succeeded
from tests.gan_tui.client.locked import locked
from tests.gan_tui.client.resumable import copy_horse, flip_a_bit, folder_of, rewrite, train_horse
from tests.runs import events_of, make_run, metrics_of


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return train_horse(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def horse(trained: RunDirectory, tmp_path: Path) -> RunDirectory:
    return copy_horse(trained, tmp_path / "runs")


def resume(folder: Path, *arguments: str) -> Finished:
    return gan_tui("resume", "horse", *arguments, folder=folder)


def failure(done: Finished) -> str:
    """The one line with which work fails that was asked for rightly."""
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line.removeprefix("gan-tui: ")


# --------------------------------------------------------------------------------------------------- nothing is started


def test_the_preflight_as_json(horse: RunDirectory, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in horse.root.rglob("*") if path.is_file()}
    done = resume(tmp_path, "--json")
    seen = json.loads(succeeded(done))
    assert done.stderr == ""
    assert (seen["run"], seen["goes_on"], seen["checkpoint"]["step"]) == ("horse", "in place", 12)
    assert (seen["horizon"]["steps_left"], seen["problems"], seen["warnings"]) == (12, [], [])
    assert seen["horizon"]["curve"][0] == {"epoch": 3, "factor": pytest.approx(0.8)}
    branch = json.loads(succeeded(resume(tmp_path, "--json", "--checkpoint", "6", "--set", "loss.cycle_a=2")))
    assert (branch["goes_on"], branch["branch"], branch["checkpoint"]["step"]) == ("branch", "horse-from-6", 6)
    assert branch["settings"] == [{"key": "loss.cycle_a", "before": 10.0, "after": 2.0}]
    assert {path: path.read_bytes() for path in horse.root.rglob("*") if path.is_file()} == before
    assert [path.name for path in horse.root.parent.iterdir()] == ["horse"]


def test_the_preflight_as_text(horse: RunDirectory, tmp_path: Path) -> None:
    done = resume(tmp_path, "--dry-run", "--checkpoint", "6", "--name", "zebra")
    lines = succeeded(done).splitlines()
    assert done.stderr == ""
    assert lines[:2] == ["run        horse", "goes on    in a branch, zebra"]
    assert [line.split()[0] for line in lines[2:5]] == ["checkpoint", "left", "next"]
    assert [path.name for path in horse.root.parent.iterdir()] == ["horse"]


def test_a_damaged_checkpoint_ends_with_status_1(horse: RunDirectory, tmp_path: Path) -> None:
    flip_a_bit(horse, 12)
    done = resume(tmp_path, "--json", "--checkpoint", "12")
    seen = json.loads(done.stdout)
    assert done.returncode == 1
    assert seen["checkpoint"]["damage"].startswith("has a damaged file G_A.safetensors")
    assert seen["problems"][0]["exit_status"] == 1
    line = failure(resume(tmp_path, "--checkpoint", "12", "--headless"))
    assert line.startswith("checkpoint 12 of run horse: has a damaged file G_A.safetensors")
    assert line.endswith("The newest good one is step 9: gan-tui resume horse --checkpoint 9")
    (folder_of(horse, 6) / "manifest.json").unlink()
    assert failure(resume(tmp_path, "--json", "--checkpoint", "6")).startswith(
        "checkpoint 6 of run horse: has no readable manifest.json"
    )
    assert not events_of(horse, ev.Resumed)[3:], "no engine was started"


def test_what_is_in_the_way_ends_with_status_2(horse: RunDirectory, tmp_path: Path) -> None:
    done = resume(tmp_path, "--json", "--set", "generator.width=8")
    assert done.returncode == 2
    assert json.loads(done.stdout)["problems"][0]["subject"] == "generator.width"
    assert "generator.width: is 8" in refusal(resume(tmp_path, "--set", "generator.width=8"))
    assert "checkpoint 7 of run horse: does not exist" in refusal(resume(tmp_path, "--json", "--checkpoint", "7"))
    with locked(horse):
        done = resume(tmp_path, "--dry-run")
        assert done.returncode == 2
        assert "is being trained now" in done.stdout


# ------------------------------------------------------------------------------------------------------ something is


def test_where_the_picker_has_nothing_to_be_drawn_on_the_newest_is_taken_and_that_is_said(
    horse: RunDirectory, tmp_path: Path
) -> None:
    command = f"exec {shlex.join(COMMAND)} resume horse --runs-dir {horse.root.parent} 2>{tmp_path}/err.log"
    with Terminal(["sh", "-c", command], columns=80, rows=24) as terminal:
        assert terminal.wait_for_exit() == 0, terminal.text
        assert "\x1b[?1049h" not in terminal.written.decode(), "no screen"
    said, summary, *_ = (tmp_path / "err.log").read_text().splitlines()
    assert said.startswith("The picker draws on standard error, which is redirected: the newest checkpoint is taken")
    assert summary == "horse goes on in place, with step 13."
    assert metrics_of(horse)[-1].step == 24


def test_a_summary_comes_before_the_engine(horse: RunDirectory, tmp_path: Path) -> None:
    done = resume(tmp_path, "--headless", "--checkpoint", "latest")
    assert len(succeeded(done).splitlines()) == 12
    speech = done.stderr.splitlines()
    assert speech[0] == "horse goes on in place, with step 13."
    assert speech[2:4] == [
        "  left       12 steps, 3 epochs",
        "  next lr    G 1.6e-4  D 1.6e-4  (base rate × 0.8)",
    ]
    assert "engine started" in speech[4]
    assert metrics_of(horse)[12].lr == {"G": pytest.approx(1.6e-4), "D": pytest.approx(1.6e-4)}, "as was said"


def test_a_damaged_newest_is_told_and_the_newest_good_one_goes_on(horse: RunDirectory, tmp_path: Path) -> None:
    flip_a_bit(horse, 12)
    done = resume(tmp_path, "--headless")
    assert succeeded(done).split()[1] == "10/24"
    speech = done.stderr.splitlines()
    assert speech[0] == "horse goes on in place; steps 10 to 12 are trained again."
    assert "checkpoint step-00000012: has a damaged file G_A.safetensors" in speech[1]
    assert events_of(horse, ev.Resumed)[-1].from_step == 9
    assert [alert.subject for alert in events_of(horse, ev.Alert)] == ["checkpoint step-00000012"]
    assert [path.name for path in horse.checkpoints.glob("abandoned-*")] == ["abandoned-1-step-00000012"]


def test_the_best_goes_on_in_a_branch(horse: RunDirectory, tmp_path: Path) -> None:
    for step, objective in ((3, 4.0), (6, 1.0), (9, 3.0), (12, 2.0)):
        rewrite(horse, step, objective=objective, seq=step)
    succeeded(resume(tmp_path, "--checkpoint", "best", "--steps", "8", "--headless"))
    branch = RunDirectory(tmp_path / "runs" / "horse-from-6")
    assert read_identity(branch).parent == Parent(run=str(horse.root), id=read_identity(horse).id, step=6, seq=6)
    assert [line.step for line in metrics_of(branch)] == [7, 8]
    assert not events_of(branch, ev.Nudged)
    for step in (3, 6, 9, 12):
        rewrite(horse, step, objective=None)
    line = refusal(resume(tmp_path, "--checkpoint", "best", "--headless"))
    assert line.startswith("the best checkpoint of run horse: is not known")
    assert line.endswith("Name a step: 3, 6, 9, 12.")


def test_a_branch_is_made_while_the_run_is_being_trained(horse: RunDirectory, tmp_path: Path) -> None:
    """In the folder that is named."""
    elsewhere = tmp_path / "elsewhere"
    arguments = ("--branch", "--steps", "13", "--headless", "--runs-dir", str(elsewhere))
    Standing(horse).enter("training")
    with locked(horse):
        assert "is being trained now" in refusal(resume(tmp_path, "--headless"))
        succeeded(gan_tui("resume", horse.root, *arguments, folder=tmp_path))
    assert [line.step for line in metrics_of(RunDirectory(elsewhere / "horse-from-12"))] == [13]
    assert [path.name for path in horse.root.parent.iterdir()] == ["horse"]


def test_what_is_deleted_between_choosing_and_copying_is_chosen_anew(horse: RunDirectory) -> None:
    """As by the engine that trains the run."""

    def look() -> tuple[ResumePlan, Preflight]:
        planned = preflight(horse, "latest", ResumeRequest(branch=True))
        for folder in doomed:
            shutil.rmtree(folder)
        doomed.clear()
        return planned

    doomed = [folder_of(horse, 12)]
    with pytest.raises(WorkError, match=r"checkpoint 12 of run horse: cannot be copied"):
        make_ready(look, again=False)
    doomed = [folder_of(horse, 9)]
    run, seen = make_ready(look, again=True)
    assert (run.name, seen.branch) == ("horse-from-6", "horse-from-6")
    shutil.rmtree(horse.checkpoints)
    with pytest.raises(
        WorkError, match="has none of the checkpoints left that its journal tells of, the newest of step"
    ):
        make_ready(look, again=True)


# --------------------------------------------------------------------------------------------------------------- stars


def test_stars_are_set_and_taken_away(horse: RunDirectory, tmp_path: Path) -> None:
    def marks(*arguments: str) -> list[bool]:
        rows = json.loads(succeeded(gan_tui("checkpoints", "horse", "--json", *arguments, folder=tmp_path)))
        return [row["starred"] for row in rows]

    assert marks("--star", "6") == [False, True, False, False]
    assert marks("--star", "latest") == [False, True, False, True]
    assert marks("--unstar", "6") == [False, False, False, True]
    assert marks("--unstar", "6") == [False, False, False, True], "twice is once"
    line = refusal(gan_tui("checkpoints", "horse", "--star", "7", folder=tmp_path))
    assert line.startswith("checkpoint 7 of run horse: does not exist")


def test_the_list_tells_what_is_best_and_what_cannot_be_used(horse: RunDirectory, tmp_path: Path) -> None:
    for step in (3, 6, 9, 12):
        rewrite(horse, step, objective=float(step))
    (folder_of(horse, 3) / "manifest.json").write_bytes(b"{")
    weights = folder_of(horse, 9) / "D_A.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    done = gan_tui("checkpoints", "horse", "--star", "6", folder=tmp_path)
    lines = succeeded(done).splitlines()
    assert "  * best  " in lines[0]
    assert "  damaged  " in lines[1]
    assert "has a truncated file D_A.safetensors" in lines[1]
    assert done.stderr.startswith("step-00000003 has no readable manifest.json")
    rows = json.loads(succeeded(gan_tui("checkpoints", "horse", "--json", folder=tmp_path)))
    assert [(row.get("step"), row.get("best"), bool(row["damage"])) for row in rows] == [
        (6, True, False),
        (9, False, True),
        (12, False, False),
        (None, None, True),
    ]
    assert [row["path"] for row in rows[:3]] == [str(path) for path, _ in list_checkpoints(horse)]


def test_a_run_without_checkpoints_has_nothing_to_list(tmp_path: Path) -> None:
    make_run(tmp_path / "runs", name="horse")
    done = gan_tui("checkpoints", "horse", folder=tmp_path)
    assert succeeded(done) == ""
    assert done.stderr == "No checkpoint yet.\n"
