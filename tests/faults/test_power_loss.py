"""The power fails at any instant: what the disk holds then is a run that goes on as if nothing had been."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.config.load import read_toml
from engine.protocol import events as ev
from engine.protocol.checkpoints import damage_of, list_checkpoints
from engine.protocol.codec import decode_event
from engine.protocol.commands import SetControls, Stop
from engine.protocol.rundir import Parent, RunDirectory, read_identity
from tests.engine.train.here import after_step, differences, last_state, train_here
from tests.faults.disk import Disk, Moment, State, build
from tests.runs import course_of, make_run, record_of

SETTINGS = ("run.steps=8", "checkpoint.keep=2", "checkpoint.keep_best=0", "sample.every=4")
NUDGE = SetControls(values={"loss.cycle_a": 5.0})
BRANCHED_AT = 3
RESUMED = 6
"""So many outcomes of each story are trained to their end."""

Story = Callable[[Path], RunDirectory]


@contextmanager
def watched(folder: Path) -> Iterator[Disk]:
    """Every operation on a folder during the block."""
    disk = Disk(folder)
    with pytest.MonkeyPatch.context() as patch:
        disk.watch(patch)
        yield disk


# ----------------------------------------------------------------------------------------------------- what happens


def first_to_last_step(folder: Path) -> RunDirectory:
    """A run from nothing to its end, stopped twice on the way; of its checkpoints, of steps 3, 6, 8, one is deleted."""
    run = make_run(folder, *SETTINGS)
    train_here(run, NUDGE, script=after_step(3, Stop()))
    train_here(run, script=after_step(6, Stop()))
    train_here(run)
    return run


def prepared(folder: Path) -> RunDirectory:
    """A run that was cut off after step 5, with a checkpoint of step 3."""
    run = make_run(folder, *SETTINGS)
    train_here(run, NUDGE, script=after_step(BRANCHED_AT, Stop()))
    train_here(run, script=after_step(5, Stop(how="discard")))
    return run


def resumed(folder: Path) -> RunDirectory:
    """The prepared run, taken up and stopped once more before its end."""
    run = RunDirectory(folder / "tiny")
    train_here(run, script=after_step(6, Stop()))
    train_here(run)
    return run


def branched(folder: Path) -> RunDirectory:
    """A branch of the prepared run from its only checkpoint, stopped once before its end."""
    parent = RunDirectory(folder / "tiny")
    settings = (*SETTINGS, "loss.cycle_a=5")
    branch = make_run(folder, *settings, name="branch", parent=Parent(run=str(parent.root), step=BRANCHED_AT))
    train_here(branch, script=after_step(6, Stop()))
    train_here(branch)
    return branch


# ---------------------------------------------------------------------------------------- what the disk may have kept


@dataclass(frozen=True)
class Outcome:
    """A run after a power cut, and what had been said of it before."""

    operation: str
    """What was done last."""
    run: RunDirectory
    exists: bool
    """Whether an engine had begun with it."""
    saved: int
    """The newest step that the journal called saved; else -1."""


STORIES: dict[str, tuple[Story | None, Story, str]] = {
    "begun": (None, first_to_last_step, "tiny"),
    "resumed": (prepared, resumed, "tiny"),
    "branched": (prepared, branched, "branch"),
}
"""What happened before the power may fail, what happens while it may, and the run that it happens to."""


@pytest.fixture(scope="module", params=list(STORIES))
def story(request: pytest.FixtureRequest) -> str:
    """One story after another."""
    return str(request.param)


@pytest.fixture(scope="module")
def outcomes(story: str, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """Whatever the story may leave, each once; only to be read."""
    before, happens, name = STORIES[story]
    folder = tmp_path_factory.mktemp(story)
    runs = folder / "runs"
    runs.mkdir()
    if before:
        before(runs)
    with watched(runs) as disk:
        happens(runs)
    return [
        Outcome(operation, RunDirectory(build(state, folder / str(number)) / name), exists, saved)
        for number, (operation, state, exists, saved) in enumerate(different(disk.moments, name))
    ]


def different(moments: list[Moment], name: str) -> Iterator[tuple[str, State, bool, int]]:
    """Every state that may be left, once, with what was said of the run at the time."""
    seen: set[tuple[object, ...]] = set()
    for moment in moments:
        exists, saved = f"{name}/metrics.jsonl" in moment.live, newest_saved(moment.live, name)
        for state in moment.left:
            key = (exists, saved, *state.items())
            if key not in seen:
                seen.add(key)
                yield moment.operation, state, exists, saved


def newest_saved(live: State, name: str) -> int:
    """The newest step that the journal calls saved."""
    lines = (live.get(f"{name}/events.jsonl") or b"").split(b"\n")[:-1]
    saved = [event.saved_step for event in map(decode_event, lines) if isinstance(event, ev.Checkpointed)]
    return saved[-1] if saved else -1


# --------------------------------------------------------------------------------------------- what must be there then


def test_a_run_that_was_begun_is_there_and_says_what_it_is(outcomes: list[Outcome]) -> None:
    assert len(outcomes) > 200, "the story is to have many ends"
    for outcome in outcomes:
        if outcome.exists:
            assert read_identity(outcome.run).name == outcome.run.name, outcome
            assert read_toml(outcome.run.config)["method"]["kind"] == "cyclegan", outcome


def test_what_the_journal_called_saved_is_still_there_or_something_newer(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        newest = max((manifest.step for _, manifest in list_checkpoints(outcome.run)), default=-1)
        assert newest >= outcome.saved, outcome


def test_whatever_is_called_a_checkpoint_is_whole(outcomes: list[Outcome]) -> None:
    found = 0
    for outcome in outcomes:
        for folder, manifest in list_checkpoints(outcome.run):
            assert damage_of(folder, manifest) == "", outcome
            found += 1
    assert found > 0


def test_the_record_reaches_at_least_as_far_as_any_checkpoint(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        record = record_of(outcome.run)
        numbers = {event.seq for event in record}
        steps = {event.step for event in record if isinstance(event, ev.Metrics)}
        first = BRANCHED_AT if outcome.run.name == "branch" else 0
        for folder, manifest in list_checkpoints(outcome.run):
            assert steps.issuperset(range(first + 1, manifest.step + 1)), outcome
            if manifest.run == read_identity(outcome.run).id:  # else its numbers are those of the parent's record
                assert numbers.issuperset(range(1, manifest.seq + 1)), (outcome, folder)


def test_the_run_goes_on_as_if_the_power_had_not_failed(
    outcomes: list[Outcome], uninterrupted: RunDirectory, tmp_path: Path
) -> None:
    begun = [outcome for outcome in outcomes if outcome.exists and outcome.run.identity.is_file()]
    for number, outcome in enumerate(begun[:: -(-len(begun) // RESUMED)]):
        run = RunDirectory(shutil.copytree(outcome.run.root, tmp_path / str(number) / outcome.run.name))
        anew = run.name == "tiny" and not list_checkpoints(run)
        train_here(run, *([NUDGE] if anew else []))
        first = BRANCHED_AT if run.name == "branch" else 0
        expected = {step: line for step, line in course_of(uninterrupted).items() if step > first}
        assert course_of(run) == expected, outcome
        assert differences(last_state(run), last_state(uninterrupted)) == [], outcome
        numbers = [event.seq for event in record_of(run)]
        assert numbers == sorted(set(numbers)), outcome


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """The run that nothing happened to."""
    return first_to_last_step(tmp_path_factory.mktemp("uninterrupted"))
