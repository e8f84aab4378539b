"""A method that trains something else before its own objective: what record, checkpoints and controls make of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import RequestError, WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import Manifest, list_checkpoints
from engine.protocol.choice import BEST, choose_checkpoint
from engine.protocol.commands import Command, SetControls, Stop
from engine.protocol.rundir import Parent, RunDirectory
from engine.protocol.verify import verify_run
from engine.train.loop import Ending, train
from tests.dtn_runs import make_dtn_run
from tests.engine.train.here import after_step, differences, last_state, session_of, train_here
from tests.runs import course_of, engine_of, events_of, make_run, metrics_of

OF_F = ("f", "f_error")
OF_G_AND_D = ("G_GAN", "const", "tid", "D_s", "D_t", "D_real")


def stopped_at(folder: Path, step: int, *settings: str, name: str = "parent") -> RunDirectory:
    run = make_dtn_run(folder, name, *settings)
    assert train_here(run, script=after_step(step, Stop())) is Ending.STOPPED
    return run


def branch_of(parent: RunDirectory, *settings: str) -> RunDirectory:
    """A branch as a user gets it, of the parent's newest checkpoint."""
    origin = Parent(run=str(parent.root), step=list_checkpoints(parent)[-1][1].step)
    return make_dtn_run(parent.root.parent, "branch", *settings, parent=origin)


# ----------------------------------------------------------------------------------------------------- what is told


def test_the_end_of_a_stage_is_journalled_at_its_last_step_with_what_it_came_to(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn")
    train_here(run)
    [done] = events_of(run, ev.StageDone)
    lines = metrics_of(run)
    assert (done.step, done.stage) == (2, "training f")
    assert tuple(done.losses) == OF_F
    assert done.losses == lines[1].losses
    assert [line.stage for line in lines] == ["training f 1/2", "", "", ""]


def test_a_stage_without_a_line_of_metrics_ends_without_one(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn", "log.every=3")
    train_here(run)
    [done] = events_of(run, ev.StageDone)
    assert done.losses == {}


def test_a_resume_after_the_stage_does_not_tell_of_it_again(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn")
    train_here(run, script=after_step(3, Stop()))
    train_here(run)
    assert [event.step for event in events_of(run, ev.StageDone)] == [2]


def test_a_method_without_stages_tells_of_none(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=2")
    train_here(run)
    assert events_of(run, ev.StageDone) == []
    [announced] = events_of(run, ev.Announced)
    assert set(announced.networks) == {"generator", "discriminator"}


# -------------------------------------------------------------------------------------------- what was not computed


def test_a_line_has_the_components_that_its_interval_computed_and_no_other(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn", "log.every=2", "method.f_steps=3", "run.steps=8")
    plain = make_dtn_run(tmp_path, "plain", "method.f_steps=3", "run.steps=8")
    train_here(run)
    train_here(plain)
    lines = {line.step: line.losses for line in metrics_of(run)}
    each = {line.step: line.losses for line in metrics_of(plain)}
    assert {step: tuple(losses) for step, losses in lines.items()} == {
        2: OF_F, 4: (*OF_F, *OF_G_AND_D), 6: OF_G_AND_D, 8: OF_G_AND_D,
    }  # fmt: skip
    straddling = {**each[3], **each[4]}
    assert lines[4] == straddling, "the mean over the one step that computed each"
    assert events_of(run, ev.Alert) == [], "absent is not NaN"
    assert verify_run(run).findings == ()


def test_an_interval_that_straddles_the_end_is_the_same_after_a_resume(tmp_path: Path) -> None:
    settings = ("log.every=5", "method.f_steps=3", "run.steps=10", "checkpoint.every=4")
    whole, halves = (make_dtn_run(tmp_path, name, *settings) for name in ("whole", "halves"))
    train_here(whole)

    def stop_once_saved(event: ev.Event) -> Iterable[Command]:
        return [Stop()] if isinstance(event, ev.Checkpointed) and event.saved_step == 4 else []

    assert train_here(halves, script=stop_once_saved) is Ending.STOPPED
    train_here(halves)
    assert events_of(halves, ev.Resumed)[0].from_step in (4, 5)
    assert tuple(metrics_of(halves)[0].losses) == (*OF_F, *OF_G_AND_D)
    assert course_of(halves) == course_of(whole)
    assert differences(last_state(whole), last_state(halves)) == []


def test_the_best_checkpoint_is_never_one_without_a_trained_generator(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn", "checkpoint.every=1", "run.steps=6", "checkpoint.keep=9")
    train_here(run)
    manifests = {manifest.step: manifest for _, manifest in list_checkpoints(run)}
    assert {step: manifest.objective is None for step, manifest in manifests.items()} == {
        1: True, 2: True, 3: False, 4: False, 5: False, 6: False,
    }  # fmt: skip
    assert choose_checkpoint(run, BEST)[1].step > 2
    sums = [sum(line.losses[name] for name in ("G_GAN", "const", "tid")) for line in metrics_of(run)[2:]]
    assert manifests[6].objective == pytest.approx(sum(sums) / 4)


def test_a_plateau_watches_only_steps_that_had_the_objective(tmp_path: Path) -> None:
    """Three steps an epoch, of which the first two have none."""
    settings = ("optim.schedule=plateau", "run.steps=6")
    run = make_dtn_run(tmp_path, "dtn", *settings)
    with session_of(run, script=after_step(3, Stop())) as session:
        assert session.steps_per_epoch == 3
        train(session)
        [_, _, line] = metrics_of(run)
        best = session.schedule.state_dict()["best"]
    assert best == pytest.approx(sum(line.losses[name] for name in ("G_GAN", "const", "tid")))


def test_an_epoch_within_the_stage_is_none_to_be_patient_for(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn", "optim.schedule=plateau", "method.f_steps=4", "run.steps=6")
    with session_of(run, script=after_step(3, Stop())) as session:
        train(session)
        assert session.schedule.state_dict() == {"factor": 1.0, "best": None, "bad_epochs": 0}


# ------------------------------------------------------------------------------------------ too short, and branches


@pytest.mark.parametrize("settings", [("run.steps=2",), ("method.f_steps=9", "run.steps=9")])
def test_a_run_that_would_end_before_its_objective_is_refused(tmp_path: Path, settings: tuple[str, ...]) -> None:
    run = make_dtn_run(tmp_path, "dtn", *settings)
    with pytest.raises(RequestError, match=r"method\.f_steps = \d: leaves nothing of the run's \d steps"):
        train_here(run)


def test_that_is_counted_where_epochs_end_the_run_too(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn", "run.steps=0", "optim.epochs=1", "optim.decay_epochs=0", "method.f_steps=3")
    with pytest.raises(RequestError, match=r"the run's 3 steps"):
        train_here(run)


def test_a_branch_that_ends_in_the_stage_is_told(tmp_path: Path) -> None:
    parent = stopped_at(tmp_path, 1)
    branch = branch_of(parent, "run.steps=2")
    train_here(branch)
    [alert] = events_of(branch, ev.Alert)
    assert alert.subject == "method.f_steps = 2"


@pytest.mark.parametrize(
    ("setting", "key", "fact"),
    [
        ("method.f_steps=3", "method.f_steps", "is 3, and the checkpoint's weights were trained with 2"),
        (
            'method.f_from="/runs/other"',
            "method.f_from",
            "is /runs/other, and the checkpoint's weights were",
        ),
        ("method.f_width=3", "method.f_width", "is 3, and the checkpoint's weights were trained with 2"),
    ],
)
def test_a_branch_of_a_fixed_f_cannot_ask_for_another(tmp_path: Path, setting: str, key: str, fact: str) -> None:
    branch = branch_of(stopped_at(tmp_path, 3), setting, "run.steps=6")
    with pytest.raises(RequestError) as refused:
        train_here(branch)
    assert refused.value.subject == key
    assert refused.value.fact.startswith(fact)


def test_a_branch_within_the_stage_may_train_f_longer_or_shorter(tmp_path: Path) -> None:
    branch = branch_of(stopped_at(tmp_path, 1, "method.f_steps=5", "run.steps=8"), "method.f_steps=3")
    train_here(branch)
    assert [event.step for event in events_of(branch, ev.StageDone)] == [3]
    of_f: dict[int, Any] = {m.step: m.networks["method"].get("f_steps") for _, m in list_checkpoints(branch)}
    assert of_f == {1: None, 4: 3}


@pytest.mark.parametrize(("setting", "error"), [("method.f_steps=1", RequestError), ("method.f_steps=0", WorkError)])
def test_a_branch_cannot_have_an_f_of_fewer_steps_than_are_done(
    tmp_path: Path, setting: str, error: type[Exception]
) -> None:
    branch = branch_of(stopped_at(tmp_path, 1), setting)
    with pytest.raises(error, match=r"is behind the checkpoint"):
        train_here(branch)


def test_a_branch_within_the_stage_may_take_another_f(tmp_path: Path) -> None:
    other = make_dtn_run(tmp_path, "other", "run.seed=5")
    train_here(other)
    branch = branch_of(stopped_at(tmp_path, 1), f'method.f_from="{other.root}"')
    with session_of(branch) as session:
        theirs = torch.cat([value.flatten() for value in f_of(other).values()])
        assert torch.equal(theirs, torch.cat([v.flatten() for v in session.method.networks["f"].state_dict().values()]))


def f_of(run: RunDirectory) -> dict[str, Any]:
    with session_of(run) as session:
        return dict(session.method.networks["f"].state_dict())


def test_what_binds_a_branch_is_kept_from_the_end_of_the_stage_on(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn", "checkpoint.every=1", "checkpoint.keep=9")
    train_here(run)

    def bound(manifest: Manifest) -> bool:
        return {"f_steps", "f_from"} <= manifest.networks["method"].keys()

    assert {m.step: bound(m) for _, m in list_checkpoints(run)} == {1: False, 2: True, 3: True, 4: True}


# --------------------------------------------------------------------------------- controls that do nothing any more


def nudged(run: RunDirectory, step: int, *commands: SetControls) -> list[ev.Nudged]:
    train_here(run, script=after_step(step, *commands))
    return events_of(run, ev.Nudged)


def test_the_rate_of_f_moves_up_to_the_end_of_its_stage(tmp_path: Path) -> None:
    moved = SetControls(values={"optim.lr_f": 0.5})
    for step, moves in ((1, 1), (2, 0)):
        assert len(nudged(make_dtn_run(tmp_path, f"at-{step}"), step, moved)) == moves


def test_a_user_is_told_why_it_does_not_move_afterwards(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn", "run.steps=0", "optim.epochs=100000")
    with engine_of(run) as engine:
        engine.until_event(ev.StageDone)
        with pytest.raises(RequestError, match=r"optim\.lr_f: is for the training of f, which is done"):
            engine.ask(SetControls(values={"optim.lr_f": 0.5, "optim.lr_g": 0.5}))
        assert engine.ask(SetControls(values={"optim.lr_f": 1e-3})).message == "already so"
    assert events_of(run, ev.Nudged) == []


def test_a_staged_change_of_what_does_nothing_by_then_is_dropped_and_told(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn")
    assert nudged(run, 1, SetControls(values={"optim.lr_f": 0.5}, at_step=3)) == []
    [alert] = events_of(run, ev.Alert)
    assert (alert.subject, alert.fact) == ("optim.lr_f", "is for the training of f, which is done")


def test_discogans_first_rate_is_refused_after_the_switch_unless_that_is_put_off(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=6", "loss.switch=3", kind="discogan")
    rate = SetControls(values={"loss.rate": 0.25})
    put_off = SetControls(values={"loss.switch": 5.0})
    moves = [change.name for nudge in nudged(run, 3, rate, put_off, rate) for change in nudge.changes]
    assert moves == ["loss.switch", "loss.rate"]
