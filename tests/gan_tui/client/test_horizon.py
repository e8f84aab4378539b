"""What lies ahead of a checkpoint: steps, epochs, learning rates."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol.checkpoints import read_manifest
from engine.protocol.commands import Stop
from engine.protocol.rundir import RunDirectory
from engine.train.loop import Ending
from gan_tui.client.branch import ResumeRequest, begin, plan_resume
from gan_tui.client.horizon import MOST_POINTS, Horizon, horizon_of
from tests.engine.train.here import after_step, train_here
from tests.gan_tui.client.resumable import copy_horse, folder_of, rewrite
from tests.runs import make_run


def ahead(run: RunDirectory, chosen: str, *settings: str) -> Horizon:
    return horizon_of(plan_resume(run, chosen, ResumeRequest(settings=settings)))


def test_the_way_to_the_end(horse: RunDirectory) -> None:
    """Of 24 steps 12 are left, in epochs 3, 4 and 5; the rate falls by fifths from the third on."""
    found = ahead(horse, "latest")
    assert (found.total_steps, found.steps_left, found.epochs_left) == (24, 12, 3)
    assert found.curve is not None
    assert [(point.epoch, round(point.factor, 9)) for point in found.curve] == [(3, 0.8), (4, 0.6), (5, 0.4)]
    assert found.factor == pytest.approx(0.8)
    assert found.lr == {"G": pytest.approx(1.6e-4), "D": pytest.approx(1.6e-4)}


def test_the_checkpoints_own_word_is_taken(horse: RunDirectory) -> None:
    rewrite(horse, 12, lr={"G": 1e-3, "D": 2e-3}, factor=0.5)
    found = ahead(horse, "latest")
    assert (found.lr, found.factor) == ({"G": 1e-3, "D": 2e-3}, 0.5)


def test_a_checkpoint_of_an_older_version_is_worked_out(horse: RunDirectory) -> None:
    rewrite(horse, 12, lr={}, factor=None, controls={"optim.lr_g": 1e-3})
    found = ahead(horse, "latest")
    assert found.factor == pytest.approx(0.8)
    assert found.lr == {"G": pytest.approx(8e-4), "D": pytest.approx(1.6e-4)}


def test_other_settings_make_another_way(horse: RunDirectory) -> None:
    found = ahead(horse, "6", "optim.epochs=4", "optim.decay_epochs=0", "optim.lr_d=1e-3", "run.steps=0")
    assert (found.total_steps, found.steps_left, found.epochs_left) == (20, 14, 3)
    assert found.lr == {"G": pytest.approx(2e-4), "D": pytest.approx(1e-3)}
    assert found.curve is not None
    assert {point.factor for point in found.curve} == {1.0}
    assert ahead(horse, "6", "run.steps=8").steps_left == 2
    assert ahead(horse, "6", "run.steps=6").epochs_left == 0


def test_an_epoch_of_other_images_is_not_guessed_at(horse: RunDirectory) -> None:
    for setting in ("data.images=9", "run.batch=2"):
        found = ahead(horse, "latest", setting)
        assert (found.total_steps, found.steps_left, found.epochs_left) == (None, None, None)
        assert found.factor == pytest.approx(0.8), "two epochs are done, however long the next are"
    assert ahead(horse, "latest", "data.flip=false").steps_left == 12


def test_an_epoch_that_has_ended_is_done(horse: RunDirectory) -> None:
    """The rates of the next step are the next epoch's, whatever the batches in it will be."""
    folder_of(horse, 9).rename(folder_of(horse, 10))
    rewrite(horse, 10, step=10, epoch=2, factor=None)
    for settings in ((), ("run.batch=5",)):
        found = ahead(horse, "10", *settings)
        assert found.factor == pytest.approx(0.8)
        assert found.curve is not None
        assert found.curve[0].epoch == 3
    assert ahead(horse, "10").epochs_left == 3


def test_the_engines_word_on_the_length_is_taken(horse: RunDirectory) -> None:
    """A branch with another batch size counts its epochs from where it began."""
    horse.events.write_bytes(horse.events.read_bytes().replace(b'"total_steps":24', b'"total_steps":23'))
    assert ahead(horse, "latest").total_steps == 23
    assert ahead(horse, "latest", "run.steps=22").total_steps == 22


def test_a_branch_with_another_batch_size(trained: RunDirectory, tmp_path: Path) -> None:
    """It began two images into the third of six epochs, and has three batches in each: two more in that one."""
    horse = copy_horse(trained, tmp_path / "runs")
    branch = begin(plan_resume(horse, "12", ResumeRequest(settings=("run.batch=2", "run.steps=0"))))
    for step in (13, 14):
        assert train_here(branch, script=after_step(step, Stop())) is Ending.STOPPED
    ended = ahead(branch, "latest")
    assert (ended.total_steps, ended.steps_left, ended.epochs_left) == (23, 9, 3)
    assert ended.curve is not None
    assert ended.curve[0].epoch == 4, "the third epoch has ended with step 14, which is no multiple of three"
    assert ahead(branch, "13").epochs_left == 4
    longer = ahead(branch, "latest", "optim.epochs=3")
    assert (longer.total_steps, longer.steps_left, longer.epochs_left) == (26, 12, 4)
    limited = ahead(branch, "latest", "run.steps=20")
    assert (limited.total_steps, limited.all_epochs, limited.epochs_left) == (20, 23, 2)


def test_a_plateau_is_not_foreseen(horse: RunDirectory) -> None:
    config = horse.config.read_text()
    horse.config.write_text(config.replace('schedule = "linear"', 'schedule = "plateau"'))
    rewrite(horse, 12, factor=0.2, lr={"G": 4e-5, "D": 4e-5})
    found = ahead(horse, "latest")
    assert (found.curve, found.factor, found.lr) == (None, 0.2, {"G": 4e-5, "D": 4e-5})
    assert ahead(horse, "latest", "optim.lr_g=1e-3").lr == {"G": pytest.approx(2e-4), "D": pytest.approx(4e-5)}
    rewrite(horse, 12, factor=None, lr={})
    found = ahead(horse, "latest")
    assert (found.factor, found.lr) == (None, {})


def test_a_schedule_of_another_kind(horse: RunDirectory) -> None:
    assert ahead(horse, "latest", "optim.schedule=constant").factor == 1.0
    assert ahead(horse, "latest", "optim.schedule=plateau").factor == 1.0


def test_a_long_way_is_told_in_points(horse: RunDirectory) -> None:
    found = ahead(horse, "6", "optim.epochs=5000", "optim.decay_epochs=5000", "run.steps=0")
    assert found.curve is not None
    assert len(found.curve) <= MOST_POINTS
    assert (found.curve[0].epoch, found.curve[-1].epoch) == (2, 10_000)
    epochs = [point.epoch for point in found.curve]
    assert epochs == sorted(set(epochs))


def test_a_run_that_begins_and_a_branch_that_does(horse: RunDirectory) -> None:
    fresh = ahead(make_run(horse.root.parent, name="fresh"), "latest")
    assert (fresh.total_steps, fresh.factor, fresh.lr) == (None, 1.0, {})
    branch = begin(plan_resume(horse, "12", ResumeRequest(settings=("optim.epochs=20", "run.steps=0"))))
    begun = ahead(branch, "latest")
    assert begun.factor == 1.0, "its own schedule's, not what its parent's checkpoint says"
    assert read_manifest(folder_of(horse, 12)).factor == pytest.approx(0.8)


def test_a_torn_journal_is_no_obstacle(horse: RunDirectory) -> None:
    horse.events.write_bytes(horse.events.read_bytes() + b'{"kind":"announced","seq":99\n{"kind":"announ')
    assert ahead(horse, "latest").total_steps == 24
    horse.events.unlink()
    assert ahead(horse, "latest").total_steps is None
