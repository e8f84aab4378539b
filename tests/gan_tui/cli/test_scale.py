"""train and resume with several processes."""

from __future__ import annotations

import json
from pathlib import Path

from engine.protocol import events as ev
from engine.protocol.rundir import RunDirectory, read_identity
from tests.gan_tui.cli.command import gan_tui, refusal, succeeded
from tests.runs import events_of, metrics_of


def test_a_batch_that_leaves_a_process_without_an_image_is_refused(preset: Path, tmp_path: Path) -> None:
    line = refusal(gan_tui("train", preset, "--gpus", "2", "--headless", folder=tmp_path))
    assert "run.batch = 1: is shared out among 2 processes, and some would have no image. Set it to 2 or more" in line
    assert not (tmp_path / "runs").exists()


def test_a_run_is_trained_by_two_processes_and_goes_on_with_one(preset: Path, tmp_path: Path) -> None:
    asked = ("--gpus", "2", "--set", "run.batch=2", "--steps", "3", "--name", "pair", "--headless")
    assert len(succeeded(gan_tui("train", preset, *asked, folder=tmp_path)).splitlines()) == 3
    pair = RunDirectory(tmp_path / "runs/pair")
    assert read_identity(pair).ranks == 2
    branch = ("--branch", "--gpus", "1", "--steps", "5", "--name", "single", "--headless")
    assert succeeded(gan_tui("resume", "pair", *branch, folder=tmp_path))
    single = RunDirectory(tmp_path / "runs/single")
    assert [announced.ranks for announced in events_of(single, ev.Announced)] == [1]
    assert metrics_of(single)[-1].step == 5


def test_a_resume_by_more_than_the_batch_has_images_is_refused(ended: RunDirectory, tmp_path: Path) -> None:
    arguments = ("resume", ended.root, "--steps", "20", "--runs-dir", tmp_path, "--gpus", "3", "--headless")
    assert "run.batch = 1" in refusal(gan_tui(*arguments, folder=tmp_path))
    assert not list(tmp_path.glob("*/run.json"))


def test_a_look_ahead_counts_the_processes_that_are_asked_for(ended: RunDirectory, tmp_path: Path) -> None:
    """With the batch that the branch is to have, not the one that the run had."""
    branch = ("resume", ended.root, "--branch", "--steps", "20", "--runs-dir", tmp_path, "--json", "--gpus", "3")
    refused = gan_tui(*branch, folder=tmp_path)
    assert refused.returncode == 2
    [problem] = json.loads(refused.stdout)["problems"]
    assert problem["subject"] == "run.batch = 1"
    seen = json.loads(succeeded(gan_tui(*branch, "--set", "run.batch=3", folder=tmp_path)))
    assert seen["problems"] == []
