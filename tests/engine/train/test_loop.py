"""The step loop over a whole session: what is due when, how it ends, and what it does when something goes wrong."""

from __future__ import annotations

import math
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import pytest
import torch

from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Command, SaveCheckpoint, SetControls, Stop, Undo
from engine.protocol.rundir import read_identity
from engine.train.errands import Errands
from engine.train.loop import Ending, train
from engine.train.reporting import begin_line
from tests.engine.train.here import after_step, session_of, train_here
from tests.runs import COMPONENTS, events_of, make_images, make_run, metrics_of
from tests.until import PATIENCE

T = TypeVar("T")


def test_what_is_due_at_a_step_is_done_after_it(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=12", "log.every=3", "sample.every=4", "checkpoint.every=5")
    assert train_here(run) is Ending.FINISHED
    assert [line.step for line in metrics_of(run)] == [3, 6, 9, 12]
    assert [event.step for event in events_of(run, ev.Sampled)] == [0, 4, 8, 12]
    assert [event.saved_step for event in events_of(run, ev.Checkpointed)] == [5, 10, 12]
    assert read_identity(run).state == "finished"


def test_an_undo_takes_back_the_nudge_that_it_names_or_none(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=6", "log.every=1")

    def script(event: ev.Event) -> tuple[Command, ...]:
        if isinstance(event, ev.Nudged) and event.step == 0:
            return (SetControls(values={"loss.cycle_a": 5.0}), Undo(of=event.seq))
        return (Undo(of=event.seq),) if isinstance(event, ev.Nudged) and event.step == 3 else ()

    def all_scripts(event: ev.Event) -> tuple[Command, ...]:
        return (*script(event), *after_step(3, SetControls(values={"loss.identity": 1.0}))(event))

    train_here(run, SetControls(values={"loss.cycle_a": 7.0}), script=all_scripts)
    nudges = events_of(run, ev.Nudged)
    assert [[change.new for change in nudge.changes] for nudge in nudges] == [[7.0], [5.0], [1.0], [0.5]]
    assert [nudge.undoes for nudge in nudges] == [None, None, None, nudges[2].seq], "another was newer at the first try"


def test_the_last_steps_and_the_last_pictures_are_recorded_though_no_cadence_asks_for_them(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=7", "log.every=3", "sample.every=4")
    train_here(run)
    assert [line.step for line in metrics_of(run)] == [3, 6, 7]
    assert [event.step for event in events_of(run, ev.Sampled)] == [0, 4, 7]


def test_the_whole_of_the_epochs_is_trained_where_no_number_of_steps_is_given(tmp_path: Path) -> None:
    run = make_run(tmp_path, "optim.epochs=1", "optim.decay_epochs=2", "run.batch=2")
    assert train_here(run) is Ending.FINISHED
    lines = metrics_of(run)
    assert [line.images for line in lines] == [2, 4, 5, 7, 9, 10, 12, 14, 15]
    assert lines[-1].epoch == 3
    rates = [line.lr["G"] for line in lines]
    assert rates[0] == 2e-4
    assert rates == sorted(rates, reverse=True)
    assert rates[-2] < rates[0]


def test_more_steps_than_the_epochs_have_are_not_trained_and_that_is_told(tmp_path: Path) -> None:
    run = make_run(tmp_path, "optim.epochs=1", "optim.decay_epochs=0", "run.batch=2", "run.steps=50")
    assert train_here(run) is Ending.FINISHED
    (told,) = events_of(run, ev.Alert)
    assert (told.subject, told.step) == ("run.steps = 50", 0)
    assert "ends at step 3" in told.fact
    assert metrics_of(run)[-1].step == 3


@pytest.mark.parametrize(("how", "step", "saved"), [("save", 3, True), ("discard", 3, False), ("epoch", 5, True)])
def test_a_stop_ends_where_it_says(
    tmp_path: Path, how: Literal["save", "discard", "epoch"], step: int, saved: bool
) -> None:
    run = make_run(tmp_path)
    assert train_here(run, script=after_step(3, Stop(how=how))) is Ending.STOPPED
    [stopped] = events_of(run, ev.Stopped)
    assert (stopped.step, stopped.saved, stopped.by) == (step, saved, "test")
    assert [manifest.step for _, manifest in list_checkpoints(run)] == ([step] if saved else [])
    assert metrics_of(run)[-1].step == step
    assert read_identity(run).state == "stopped"


def test_an_image_that_cannot_be_read_is_told_of_once_and_the_run_goes_on(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data", each=10)
    torn = root / "trainA" / "9.png"
    torn.write_bytes(torn.read_bytes()[:-500])
    run = make_run(tmp_path, "run.steps=30", root=root)
    assert train_here(run) is Ending.FINISHED
    [alert] = events_of(run, ev.Alert)
    assert alert.subject == str(torn)
    assert alert.fix
    assert [line.step for line in metrics_of(run)] == list(range(1, 31))


def test_more_samples_than_can_be_read_are_asked_for_live(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data")
    unfit = root / "testA" / "1.png"
    unfit.write_text("no image")
    run = make_run(tmp_path, "run.steps=6", "sample.count=1", "sample.every=3", root=root)
    change = SetControls(values={"sample.count": 2})
    assert train_here(run, script=after_step(4, change)) is Ending.FINISHED
    assert [alert.subject for alert in events_of(run, ev.Alert)] == [str(unfit)]
    assert [len(event.rows) for event in events_of(run, ev.Sampled)] == [2, 2, 4]


def test_a_domain_of_which_nothing_can_be_read_ends_the_run(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data")
    run = make_run(tmp_path, "data.cache=off", root=root)

    def script(event: ev.Event) -> list[SaveCheckpoint]:
        if isinstance(event, ev.Metrics) and event.step == 4:
            shutil.rmtree(root / "trainB")
        return []

    with pytest.raises(WorkError, match="none of its 3 images can be used"):
        train_here(run, script=script)
    assert metrics_of(run)[-1].step == 4


def test_a_checkpoint_that_cannot_be_written_is_an_alert_and_the_next_is_tried(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=40", "checkpoint.every=10")
    run.checkpoints.write_text("in the way")

    def script(event: ev.Event) -> list[SaveCheckpoint]:
        if isinstance(event, ev.Alert) and run.checkpoints.is_file():
            run.checkpoints.unlink()
        return []

    assert train_here(run, script=script) is Ending.FINISHED
    first = events_of(run, ev.Alert)[0]
    assert first.subject == "checkpoint"
    assert "could not be written" in first.fact
    assert list_checkpoints(run)[-1][1].step == 40


def test_a_last_checkpoint_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=2")
    run.checkpoints.write_text("in the way")
    with pytest.raises(WorkError, match=r"the last checkpoint: of step 2 could not be written"):
        train_here(run)
    assert not events_of(run, ev.Finished)


def test_losses_that_are_not_finite_are_recorded_as_such(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with session_of(run) as session:
        losses = dict.fromkeys(COMPONENTS, torch.tensor(1.0))
        session.meters.add({**losses, "G_A": torch.tensor(math.nan), "D_B": torch.tensor(math.inf)})
        begin_line(session)
        session.write_line()
    [line] = metrics_of(run)
    assert [name for name, value in line.losses.items() if value is None] == ["G_A", "D_B"]


class Held(Errands[T]):
    """A thread on a disk that takes nothing until a gate is opened."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__("checkpoint")
        self._gate = gate

    def send(self, job: Callable[[], T]) -> None:
        def once_open() -> T:
            assert self._gate.wait(PATIENCE)
            return job()

        super().send(once_open)


def test_a_save_that_is_due_while_one_is_written_is_left_out_and_told_and_training_goes_on(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=11", "checkpoint.every=3")
    gate = threading.Event()

    def open_it(event: ev.Event) -> tuple[()]:
        if isinstance(event, ev.Alert) and event.step == 9:
            gate.set()
        return ()

    with session_of(run, script=open_it) as session:
        session.saves = Held(gate)
        assert train(session) is Ending.FINISHED
    told = [alert.fact for alert in events_of(run, ev.Alert)]
    assert told == [f"of step {step} is left out: the one before is still being written" for step in (6, 9)]
    assert [saved.saved_step for saved in events_of(run, ev.Checkpointed)] == [3, 11]
    assert [line.step for line in metrics_of(run)] == list(range(1, 12))
