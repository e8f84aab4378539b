"""A method that trains something else before its own objective: what the record tells of it."""

from __future__ import annotations

from pathlib import Path

from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Stop
from tests.dtn_runs import make_dtn_run
from tests.engine.train.here import after_step, train_here
from tests.runs import events_of, make_run, metrics_of


def test_the_end_of_a_stage_is_journalled_at_its_last_step(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "dtn")
    train_here(run)
    assert [(event.step, event.stage) for event in events_of(run, ev.StageDone)] == [(2, "training f")]
    assert [line.stage for line in metrics_of(run)] == ["training f 1/2", "", "", ""]
    assert [manifest.objective is None for _, manifest in list_checkpoints(run)] == [False]


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
