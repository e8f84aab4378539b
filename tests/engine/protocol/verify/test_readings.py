"""Losses that are on file twice."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.codec import encode
from engine.protocol.commands import SetControls, Stop
from engine.protocol.rundir import Parent, RunDirectory, read_identity
from tests.engine.protocol.verify.damage import edit, findings_of, only_finding, rewrite_manifest
from tests.engine.train.here import after_step, train_here
from tests.runs import make_run, metrics_of


def change_losses(run: RunDirectory, seq: int, **losses: float | None) -> None:
    """Let the line of a number say something else of some losses."""
    lines = metrics_of(run)
    [place] = [place for place, line in enumerate(lines) if line.seq == seq]
    changed = msgspec.structs.replace(lines[place], losses={**lines[place].losses, **losses})
    edit(run.metrics, lambda on_file: on_file.__setitem__(place, encode(changed) + b"\n"))


def lines_of(run: RunDirectory, step: int) -> list[ev.Metrics]:
    return [line for line in metrics_of(run) if line.step == step]


@pytest.mark.parametrize(("value", "words"), [(0.125, "0.125"), (None, "not finite")])
def test_a_line_that_was_changed_is_found_by_what_a_manifest_has_of_it(
    run: RunDirectory, value: float | None, words: str
) -> None:
    [line] = lines_of(run, 5)
    change_losses(run, line.seq, cycle_A=value)
    finding = only_finding(run)
    assert (finding.severity, finding.topic, finding.subject) == ("problem", "lines", "metrics.jsonl")
    assert finding.fact == (
        f"line 5, of step 5, has the loss cycle_A as {words}, "
        f"and it is {line.losses['cycle_A']!r} in checkpoints/step-00000009/manifest.json"
    )


def test_a_loss_that_only_one_of_them_knows(run: RunDirectory) -> None:
    [line] = lines_of(run, 12)
    change_losses(run, line.seq, cycle_C=1.0)
    assert "has the loss cycle_C as 1.0, and it is missing in" in only_finding(run).fact


def test_of_a_step_that_was_done_twice_only_the_line_on_the_course_is_meant(run: RunDirectory) -> None:
    void, continued = lines_of(run, 7)
    change_losses(run, void.seq, cycle_A=0.125)
    assert findings_of(run) == [], "no checkpoint was saved on that course"
    change_losses(run, continued.seq, cycle_A=0.125)
    assert len(findings_of(run)) == 1


def test_a_checkpoint_of_a_course_given_up_repeats_what_was_written_before_it(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=9")
    train_here(run, script=after_step(3, Stop()))
    train_here(run, SetControls(values={"loss.cycle_a": 2.0}), script=after_step(6, Stop()))
    newest, _ = list_checkpoints(run)[-1]
    newest.rename(newest.with_name(f"abandoned-1-{newest.name}"))
    train_here(run)
    first, second = lines_of(run, 5)
    assert first.losses["cycle_A"] != second.losses["cycle_A"]
    assert not any("loss" in fact for _, _, fact in findings_of(run))
    change_losses(run, first.seq, cycle_A=0.125)
    [fact] = [fact for _, _, fact in findings_of(run) if "loss" in fact]
    assert fact.endswith("in checkpoints/abandoned-1-step-00000006/manifest.json")


def test_a_branch_repeats_its_parents_lines_which_are_not_in_its_own_record(run: RunDirectory) -> None:
    parent = Parent(run=str(run.root), step=9, id=read_identity(run).id)
    branch = make_run(run.root.parent, "run.steps=20", "loss.cycle_a=2.0", name="branch", parent=parent)
    train_here(branch, script=after_step(11, Stop()))
    _, manifest = list_checkpoints(branch)[-1]
    assert {reading.step for reading in manifest.recent} == set(range(1, 12))
    assert findings_of(branch) == []
    change_losses(branch, lines_of(branch, 10)[0].seq, cycle_A=0.125)
    assert "step 10, has the loss cycle_A" in only_finding(branch).fact


def test_a_checkpoint_that_repeats_nothing_contradicts_nothing(run: RunDirectory) -> None:
    for folder, _ in list_checkpoints(run):
        rewrite_manifest(folder, recent=())
    change_losses(run, lines_of(run, 5)[0].seq, cycle_A=0.125)
    assert findings_of(run) == []


def test_what_another_run_wrote_says_nothing_of_this_one(run: RunDirectory) -> None:
    for folder, _ in list_checkpoints(run):
        rewrite_manifest(folder, run="somebody")
    change_losses(run, lines_of(run, 5)[0].seq, cycle_A=0.125)
    told = findings_of(run)
    assert len(told) == 2
    assert {fact for _, _, fact in told} == {"was written by another run, somebody"}
