"""What a checkpoint keeps and a branch may change: nothing that was asked for is lost on the way."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from engine.config.schema import OptimConfig
from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, TRAINING_STATE, StoredFile, list_checkpoints
from engine.protocol.commands import SaveCheckpoint, SetControls, Stop, Undo
from engine.protocol.rundir import Parent, RunDirectory
from engine.schedules import build_schedule
from engine.train.loop import Ending, train
from tests.engine.train.here import after_step, session_of, train_here
from tests.runs import course_of, events_of, make_images, make_run, metrics_of


def branch_of(parent: RunDirectory, folder: Path, *settings: str) -> RunDirectory:
    step = list_checkpoints(parent)[-1][1].step
    return make_run(folder, *settings, name="branch", parent=Parent(run=str(parent.root), step=step))


def test_a_nudge_after_a_save_at_the_same_step_is_saved_by_the_stop(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    nudge = SetControls(values={"loss.cycle_a": 5.0})
    train_here(run, script=after_step(3, SaveCheckpoint(), nudge, Stop(how="save")))
    with session_of(run) as session:
        assert session.progress.step == 3
        assert session.panel.values["loss.cycle_a"] == 5.0


def test_a_change_staged_after_a_save_at_the_same_step_is_saved_and_announced_again(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    staged = SetControls(values={"loss.cycle_a": 5.0}, at_step=9)
    train_here(run, script=after_step(3, SaveCheckpoint(), staged, Stop(how="save")))
    with session_of(run):
        announced = events_of(run, ev.Announced)[-1]
    assert [(change.at_step, change.values) for change in announced.staged] == [(9, {"loss.cycle_a": 5.0})]


def test_a_branch_trains_with_the_settings_it_was_given(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "run.steps=4")
    train_here(parent)
    branch = branch_of(parent, tmp_path, "run.steps=6", "optim.beta1=0.9", "optim.schedule=plateau")
    with session_of(branch) as session:
        assert [group["betas"] for group in session.method.optimizers["G"].param_groups] == [(0.9, 0.999)]
        assert session.rates == {"G": 2e-4, "D": 2e-4}
    assert train_here(branch) is Ending.FINISHED


def test_a_branch_onto_a_planned_schedule_begins_it_at_the_epochs_completed(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "run.steps=10", "optim.schedule=plateau")  # two epochs of five steps
    train_here(parent)
    branch = branch_of(parent, tmp_path, "optim.schedule=linear", "optim.epochs=1", "optim.decay_epochs=3")
    with session_of(branch) as session:
        assert session.schedule.factor == pytest.approx(0.5)


def test_a_branch_with_larger_batches_trains_what_is_left_of_the_epochs(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "optim.epochs=2", "optim.decay_epochs=0", "run.steps=3")
    train_here(parent)
    branch = branch_of(parent, tmp_path, "optim.epochs=2", "optim.decay_epochs=0", "run.batch=2")
    assert train_here(branch) is Ending.FINISHED
    # Three of five images were seen: one whole batch of two, so that two batches are left, and three of the next epoch.
    assert [(line.step, line.epoch) for line in metrics_of(branch)] == [(4, 1), (5, 1), (6, 2), (7, 2), (8, 2)]


def test_an_undo_in_a_branch_of_the_parents_nudge_names_no_event_of_its_own(tmp_path: Path) -> None:
    parent = make_run(tmp_path)
    train_here(parent, script=after_step(3, SetControls(values={"loss.cycle_a": 5.0}), Stop(how="save")))
    branch = branch_of(parent, tmp_path, "loss.cycle_a=5.0")
    train_here(branch, script=after_step(4, Undo(), Stop(how="discard")))
    [undo] = events_of(branch, ev.Nudged)
    assert undo.undoes == 0
    assert [(change.old, change.new) for change in undo.changes] == [(5.0, 10.0)]


def test_a_branch_that_is_stopped_before_its_first_step_keeps_a_checkpoint_of_its_own(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "run.steps=4")
    train_here(parent)
    branch = branch_of(parent, tmp_path, "run.steps=9")

    def once_ready(event: ev.Event) -> list[Stop]:
        return [Stop(how="save")] if isinstance(event, ev.Phase) and event.name == "warming up" else []

    assert train_here(branch, script=once_ready) is Ending.STOPPED
    assert [manifest.step for _, manifest in list_checkpoints(branch)] == [4]


def test_more_samples_than_there_are_readable_images_are_refused_and_the_run_goes_on(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data", each=2)
    run = make_run(tmp_path, "run.steps=6", "sample.count=1", root=root)

    def script(event: ev.Event) -> list[SetControls]:
        if isinstance(event, ev.Metrics) and event.step == 2:
            for picture in (root / "testA").iterdir():
                picture.write_text("no image")
            return [SetControls(values={"sample.count": 2}, at_step=4)]
        return []

    assert train_here(run, script=script) is Ending.FINISHED
    assert not events_of(run, ev.Nudged)
    assert any("staged change is dropped" in alert.fix for alert in events_of(run, ev.Alert))


def test_starting_a_finished_run_again_records_nothing_twice(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=7", "log.every=3", "sample.every=4")
    train_here(run)
    train_here(run)
    assert [line.step for line in metrics_of(run)] == [3, 6, 7]
    assert [event.step for event in events_of(run, ev.Sampled)] == [0, 4, 7]


def test_errands_under_way_are_completed_when_training_fails(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with session_of(run, SaveCheckpoint()) as session:

        class FailingMethod:
            def __getattr__(self, name: str) -> object:
                return getattr(method, name)

            def compute(self, batch: object) -> None:
                raise WorkError("the step", "fails")

        method, session.method = session.method, FailingMethod()  # type: ignore[assignment]
        with pytest.raises(WorkError, match="the step"):
            train(session)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [0]
    assert len(events_of(run, ev.Checkpointed)) == 1


def test_a_plateau_whose_first_epoch_is_not_finite_still_sees_the_next_ones_improve() -> None:
    schedule = build_schedule(OptimConfig(schedule="plateau", patience=1))
    for objective in (math.nan, 10.0, 8.0, 6.0, 4.0):
        schedule.epoch_done(objective)
    assert schedule.factor == 1.0


def as_before_sentinels(run: RunDirectory) -> None:
    """Take from a run what those had not that were trained before most sentinels, beliefs and looks."""
    written = run.config.read_text()
    older = written[: written.index("[sentinel.d_saturated]")].replace("tensorboard = false\n", "")
    assert "[sentinel.not_finite]" in older
    assert "tensorboard" not in older
    run.config.write_text(older)
    [(folder, manifest)] = list_checkpoints(run)
    path = folder / TRAINING_STATE
    state: dict[str, Any] = torch.load(path, weights_only=True)
    del state["looks"]
    meters = state["meters"]
    known = [place for place, name in enumerate(meters["components"]) if not name.startswith(("D_A_on", "D_B_on"))]
    assert len(known) == len(meters["components"]) - 4
    meters["components"] = [meters["components"][place] for place in known]
    for which in ("interval", "epoch"):
        meters[which] = meters[which][known].clone()
        meters[f"{which}_steps"] = [meters[f"{which}_steps"][place] for place in known]
    torch.save(state, path)
    whole = path.read_bytes()
    stored = StoredFile(size=len(whole), sha256=hashlib.sha256(whole).hexdigest())
    changed = msgspec.structs.replace(manifest, files={**manifest.files, TRAINING_STATE: stored})
    (folder / MANIFEST).write_bytes(msgspec.json.encode(changed))


def test_a_run_from_before_there_were_sentinels_goes_on_and_is_watched(tmp_path: Path) -> None:
    """It is stopped in mid-interval: its losses go on as they would have, its beliefs begin anew."""
    settings = ("run.steps=9", "log.every=3", "sample.every=2")
    run, whole = (make_run(tmp_path, *settings, name=name) for name in ("run", "whole"))
    train_here(whole)

    def stop(event: ev.Event) -> tuple[Stop, ...]:
        return (Stop(),) if isinstance(event, ev.Sampled) and event.step == 4 else ()

    train_here(run, script=stop)
    as_before_sentinels(run)
    with session_of(run) as session:
        assert session.progress.step == 4
        assert session.config.sentinel.collapse.action == "warn"
        assert {sentry.name for sentry in session.sentries} >= {"d_saturated", "collapse", "stall"}
        assert train(session) is Ending.FINISHED
    assert course_of(run) == course_of(whole)
    assert {"D_A_on_real", "change_fake_B"} <= metrics_of(run)[-1].health.keys()
