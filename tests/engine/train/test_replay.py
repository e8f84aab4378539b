"""A replay has the numbers of the run that it repeats, whatever was done to that run while it trained."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.config.load import read_toml, resolve
from engine.errors import RequestError, WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.codec import encode
from engine.protocol.commands import SaveCheckpoint, SetControls, Stop, Undo
from engine.protocol.course import write_nudges
from engine.protocol.rundir import Parent, RunDirectory
from engine.train.loop import Ending, train
from gan_tui.client.replay import make_replay
from tests.engine.train.here import after_step, differences, last_state, session_of, train_here
from tests.runs import course_of, events_of, make_run, metrics_of


def cycle_a(value: float, at_step: int | None = None) -> SetControls:
    return SetControls(values={"loss.cycle_a": value}, at_step=at_step)


def replay_of(run: RunDirectory, *, steps: int | None = None) -> RunDirectory:
    return make_replay(run, run.root.parent, name=None, steps=steps)


def trained_replay_of(run: RunDirectory) -> RunDirectory:
    replay = replay_of(run)
    train_here(replay)
    return replay


def moves_of(run: RunDirectory) -> list[tuple[int, Any, str]]:
    """The nudges in a run's journal: when, what and by whom."""
    return [(nudge.step, nudge.changes, nudge.by) for nudge in events_of(run, ev.Nudged)]


def test_every_kind_of_nudge_is_made_again_at_its_step(tmp_path: Path) -> None:
    """Before the first step, in the middle of an epoch, at its end, staged, two at one step, and undone."""
    run = make_run(tmp_path, "run.steps=14")
    before_the_first = (cycle_a(3.0), cycle_a(4.0), SetControls(values={"loss.identity": 0.0}, at_step=6))
    changes = {3: (cycle_a(5.0), SetControls(values={"optim.lr_g": 1e-3})), 5: (Undo(),), 10: (cycle_a(8.0),)}

    def script(event: ev.Event) -> Any:
        return changes.get(event.step, ()) if isinstance(event, ev.Metrics) else ()

    train_here(run, *before_the_first, script=script)
    replay = trained_replay_of(run)
    assert [step for step, _, _ in moves_of(run)] == [0, 0, 3, 3, 5, 6, 10]
    assert moves_of(replay) == moves_of(run)
    assert course_of(replay) == course_of(run)
    assert differences(last_state(replay), last_state(run)) == []


def test_without_its_nudges_it_would_have_other_numbers(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=6")
    train_here(run, script=after_step(3, cycle_a(3.0)))
    replay = replay_of(run)
    write_nudges(replay, [])
    train_here(replay)
    assert [step for step, line in course_of(replay).items() if line == course_of(run)[step]] == [1, 2, 3]


def test_a_replay_of_a_replay_has_the_same_numbers(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=6")
    train_here(run, cycle_a(3.0, at_step=2))
    again = trained_replay_of(trained_replay_of(run))
    assert course_of(again) == course_of(run)


def test_lines_follow_a_cadence_that_was_changed(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=13", "log.every=4")
    changes = SetControls(values={"log.every": 3.0, "sample.count": 1.0}, at_step=5)
    train_here(run, changes)
    replay = trained_replay_of(run)
    assert list(course_of(run)) == [4, 6, 9, 12, 13]
    assert course_of(replay) == course_of(run)


def test_a_nudge_that_a_resume_made_void_is_not_made_again(tmp_path: Path) -> None:
    """Of those at the checkpoint's step, the one before its copy counts and the one after it does not."""
    run = make_run(tmp_path, "run.steps=9")
    train_here(
        run,
        script=lambda event: (
            *after_step(3, cycle_a(3.0), SaveCheckpoint(), cycle_a(4.0))(event),
            *after_step(5, SetControls(values={"loss.identity": 0.0}))(event),
            *after_step(6, Stop(how="discard"))(event),
        ),
    )
    train_here(run, script=after_step(5, SetControls(values={"loss.identity": 2.0})))
    assert [line.step for line in metrics_of(run)] == [1, 2, 3, 4, 5, 6, 4, 5, 6, 7, 8, 9]
    replay = trained_replay_of(run)
    made = [(step, change.name, change.new) for step, changes, _ in moves_of(replay) for change in changes]
    assert made == [(3, "loss.cycle_a", 3.0), (5, "loss.identity", 2.0)]
    assert course_of(replay) == course_of(run)


def test_a_run_that_began_anew_is_repeated_from_there(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=5")
    train_here(run, cycle_a(3.0), script=after_step(2, Stop(how="discard")))
    train_here(run, cycle_a(7.0, at_step=1))
    replay = trained_replay_of(run)
    assert [step for step, _, _ in moves_of(replay)] == [1]
    assert course_of(replay) == course_of(run)


def test_a_nudge_of_an_engine_that_ended_before_its_first_line_is_not_made_again(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=4", "log.every=2")
    train_here(run, cycle_a(3.0), script=lambda event: [Stop(how="discard")] if isinstance(event, ev.Nudged) else [])
    assert course_of(run) == {}
    train_here(run)
    replay = trained_replay_of(run)
    assert moves_of(replay) == []
    assert course_of(replay) == course_of(run)


def test_a_stopped_run_is_repeated_to_its_newest_line(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=40", "log.every=1")
    train_here(run, SetControls(values={"log.every": 4.0}, at_step=5), script=after_step(8, Stop(how="discard")))
    replay = trained_replay_of(run)
    assert list(course_of(run)) == [1, 2, 3, 4, 5, 8]
    assert course_of(replay) == course_of(run)
    assert resolve(read_toml(replay.config), "").run.steps == 8


def test_of_many_nudges_only_those_that_are_due_are_in_hand(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=3")
    train_here(run)
    replay = replay_of(run)
    many = [
        ev.StagedChange(at_step=1 + number // 10_000, values={"loss.cycle_a": float(number % 7)}, by="me")
        for number in range(20_000)
    ]
    write_nudges(replay, many)
    with session_of(replay) as session:
        assert len(encode(session.link.report)) < 10_000, "no viewer is told of all of them"
        assert train(session) is Ending.FINISHED
    assert len(encode(events_of(replay, ev.Announced)[0])) < 10_000
    assert [(nudge.step, nudge.changes[0].new) for nudge in events_of(replay, ev.Nudged)] == [
        (nudge.at_step, nudge.values["loss.cycle_a"]) for nudge in many
    ]


def test_nudges_beyond_the_last_step_are_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=8")
    train_here(run, cycle_a(3.0, at_step=2), cycle_a(4.0, at_step=6))
    replay = replay_of(run, steps=4)
    train_here(replay)
    assert [step for step, _, _ in moves_of(replay)] == [2]
    assert course_of(replay) == course_of(run, last_step=4)
    assert list_checkpoints(replay)[-1][1].staged == ()


# -------------------------------------------------------------------------------------------------------- branches


def branch_of(parent: RunDirectory, *settings: str) -> RunDirectory:
    """A branch of a run's checkpoint of step 4."""
    [found] = [manifest for _, manifest in list_checkpoints(parent) if manifest.step == 4]
    origin = Parent(run=str(parent.root), step=4, id=found.run, seq=found.seq)
    return make_run(parent.root.parent, "run.steps=12", *settings, name="branch", parent=origin)


def test_a_branch_is_repeated_from_its_parents_checkpoint(tmp_path: Path) -> None:
    """The parent's checkpoint brings a staged change, and the branch was made with other settings."""
    parent = make_run(tmp_path, "run.steps=8", "checkpoint.every=4", name="parent")
    train_here(parent, cycle_a(3.0), SetControls(values={"optim.lr_g": 1e-3}, at_step=6))
    branch = branch_of(parent, "checkpoint.every=4", "loss.cycle_a=3", "loss.identity=2")
    train_here(branch, cycle_a(6.0), script=after_step(8, SetControls(values={"optim.lr_g": 5e-4})))
    made = [(step, by, [change.name for change in changes]) for step, changes, by in moves_of(branch)]
    assert made == [
        (4, "resume", ["loss.identity"]), (4, "test", ["loss.cycle_a"]),
        (6, "test", ["optim.lr_g"]), (8, "test", ["optim.lr_g"]),
    ]  # fmt: skip
    replay = trained_replay_of(branch)
    assert moves_of(replay) == moves_of(branch)
    assert list(course_of(replay)) == list(range(5, 13))
    assert course_of(replay) == course_of(branch)
    assert differences(last_state(replay), last_state(branch)) == []


def test_what_a_parent_staged_is_not_staged_beside_the_nudge_that_it_became(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "run.steps=8", "checkpoint.every=4", name="parent")
    train_here(parent, cycle_a(3.0, at_step=6))
    branch = branch_of(parent, "checkpoint.every=4")
    train_here(branch, script=after_step(5, cycle_a(2.0)))
    with session_of(replay_of(branch)) as session:
        assert session.panel.staged == ()
        assert [nudge.at_step for nudge in session.repeats] == [5, 6]


def test_a_branch_of_a_replay_is_repeated_from_its_own_first_nudge_on(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=8", "checkpoint.every=4", name="run")
    train_here(run, cycle_a(3.0, at_step=1), cycle_a(4.0, at_step=2))
    branch = branch_of(trained_replay_of(run), "checkpoint.every=4", "loss.cycle_a=4")
    train_here(branch, cycle_a(6.0), script=after_step(7, cycle_a(7.0)))
    replay = trained_replay_of(branch)
    assert [step for step, _, _ in moves_of(branch)] == [4, 7]
    assert moves_of(replay) == moves_of(branch)
    assert course_of(replay) == course_of(branch)


def test_a_branch_that_was_taken_up_again_before_its_own_first_checkpoint_and_whose_parent_is_gone(
    tmp_path: Path,
) -> None:
    parent = make_run(tmp_path, "run.steps=4", name="parent")
    train_here(parent)
    branch = branch_of(parent, "loss.identity=2")
    train_here(branch, cycle_a(6.0), script=after_step(6, Stop(how="discard")))
    train_here(branch, cycle_a(8.0, at_step=7))
    shutil.rmtree(parent.root)
    replay = trained_replay_of(branch)
    made = [(step, change.name, change.new) for step, changes, _ in moves_of(replay) for change in changes]
    assert made == [(4, "loss.identity", 2.0), (7, "loss.cycle_a", 8.0)]
    assert course_of(replay) == course_of(branch)


# ---------------------------------------------------------------------------------------- the replay taken up again


def test_a_replay_that_is_taken_up_again_repeats_nothing_twice(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=9")
    train_here(run, cycle_a(3.0, at_step=2), cycle_a(5.0, at_step=6))
    replay = replay_of(run)
    train_here(replay, script=after_step(4, Stop()))
    with session_of(replay) as session:
        assert [nudge.at_step for nudge in session.repeats] == [6]
    train_here(replay)
    assert [step for step, _, _ in moves_of(replay)] == [2, 6]
    assert course_of(replay) == course_of(run)


@pytest.mark.parametrize("saved", ["before", "after"])
def test_a_nudge_at_the_very_step_that_a_replay_is_saved_at_is_made_once(tmp_path: Path, saved: str) -> None:
    """The cadence's checkpoint is copied before the nudges of its step are made, one that is asked for after them."""
    run = make_run(tmp_path, "run.steps=9", "checkpoint.every=4" if saved == "before" else "checkpoint.every=100")
    train_here(run, cycle_a(3.0, at_step=2), cycle_a(4.0, at_step=4), cycle_a(5.0, at_step=6))
    replay = replay_of(run)
    commands = () if saved == "before" else (SaveCheckpoint(),)
    train_here(
        replay, script=lambda event: (*after_step(4, *commands)(event), *after_step(5, Stop(how="discard"))(event))
    )
    train_here(replay)
    assert [event.from_step for event in events_of(replay, ev.Resumed)] == [4]
    assert [step for step, _, _ in moves_of(replay)] == ([2, 4, 4, 6] if saved == "before" else [2, 4, 6])
    assert course_of(replay) == course_of(run)


def test_a_replay_that_begins_anew_repeats_everything(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=6")
    train_here(run, cycle_a(3.0, at_step=2), cycle_a(5.0, at_step=4))
    replay = replay_of(run)
    train_here(replay, script=after_step(3, Stop(how="discard")))
    train_here(replay)
    assert [step for step, _, _ in moves_of(replay)] == [2, 2, 4]
    assert course_of(replay) == course_of(run)


def test_a_replay_of_a_branch_is_taken_up_again_too(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "run.steps=4", name="parent")
    train_here(parent, SetControls(values={"loss.cycle_b": 1.0}, at_step=3))
    branch = branch_of(parent, "loss.identity=2", "loss.cycle_b=1")
    train_here(branch, cycle_a(6.0, at_step=5), cycle_a(7.0, at_step=9))
    replay = replay_of(branch)
    train_here(replay, script=after_step(6, Stop()))
    train_here(replay)
    assert [step for step, _, _ in moves_of(replay)] == [4, 5, 9]
    assert course_of(replay) == course_of(branch)


def test_a_replay_without_its_nudges_is_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=2")
    train_here(run)
    replay = replay_of(run)
    replay.nudges.unlink()
    with pytest.raises(WorkError, match=r"replay\.json"):
        train_here(replay)


def test_a_nudge_that_no_control_takes_is_refused_before_the_first_step(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=2")
    train_here(run)
    replay = replay_of(run)
    write_nudges(replay, [ev.StagedChange(at_step=1, values={"loss.cycle_a": -1.0}, by="me")])
    with pytest.raises(RequestError, match=r"loss\.cycle_a"):
        train_here(replay)
    assert not metrics_of(replay)
