"""Losses that arrive late, as a GPU's do: the loop does not wait for them, and the record is what it would have been.

A transfer that is not done until somebody waits for it, or until so many steps later, stands in for the GPU.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from engine.batch import ImageBatch
from engine.config.methods import CONFIGS
from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Command, Continue, Pause, SaveCheckpoint, SetControls, Stop, Undo, WriteNote
from engine.protocol.rundir import RunDirectory
from engine.train.errands import Errands
from engine.train.loop import train
from engine.train.samples import Shown
from engine.train.session import Session
from tests.engine.train.here import Script, differences, last_state, nothing_more, session_of, train_here
from tests.engine.train.late import Late
from tests.runs import COMPONENTS, course_of, events_of, make_images, make_run, metrics_of, record_of

BY_THE_CLOCK = ("time", "throughput", "data_wait", "seconds", "size", "machine")


def told(run: RunDirectory) -> list[dict[str, Any]]:
    """All that a run has recorded, in order, but for what depends on the clock."""
    lines = [msgspec.to_builtins(event) for event in record_of(run)]
    return [{name: value for name, value in line.items() if name not in BY_THE_CLOCK} for line in lines]


def after_the_first_step(*commands: Command) -> Script:
    """Commands that are obeyed after step 1, whether or not its line is written by then."""

    def script(event: ev.Event) -> Iterable[Command]:
        return commands if isinstance(event, ev.Training) else ()

    return script


def train_late(run: RunDirectory, script: Script = nothing_more) -> Late:
    """Train with losses that never arrive unless somebody waits for them."""
    with session_of(run, script=script) as session:
        session.to_host = late = Late(lambda: session.progress.step)
        train(session)
    return late


def lose(session: Session, value: float) -> None:
    """Have a loss in the interval that is under way, as if a step had computed it."""
    session.meters.add(dict.fromkeys(COMPONENTS, torch.tensor(value)))


class Idle(Errands[Shown]):
    """A thread that does nothing, so that it waits for nothing."""

    def send(self, job: Callable[[], Shown]) -> None:
        pass


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_record_is_that_of_losses_that_are_there_at_once(tmp_path: Path, kind: str) -> None:
    """With all that may stand in it: lines, nudges, a pause, a note, checkpoints, sheets, and the end of a stage."""
    settings = ("run.steps=12", "log.every=2", "sample.every=3", "checkpoint.every=4")
    commands = (
        SetControls(values={"optim.lr_g": 1e-4}), Pause(), WriteNote(text="here"), Continue(), SaveCheckpoint(),
        SetControls(values={"optim.lr_d": 5e-5}, at_step=6), SetControls(values={"log.every": 3.0}, at_step=8), Undo(),
    )  # fmt: skip
    prompt, late = (make_run(tmp_path / name, *settings, kind=kind) for name in ("prompt", "late"))
    train_here(prompt, script=after_the_first_step(*commands))
    train_late(late, after_the_first_step(*commands))
    assert told(late) == told(prompt)
    assert [line.step for line in metrics_of(late)] == [2, 4, 6, 8, 9, 12]
    assert not differences(last_state(prompt), last_state(late))


def test_a_line_goes_before_what_is_asked_at_its_step_and_says_what_was_so_before(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=3")
    train_late(run, after_the_first_step(SetControls(values={"loss.cycle_a": 5.0}), SaveCheckpoint()))
    assert [type(event) for event in record_of(run) if event.step == 1][:3] == [ev.Training, ev.Metrics, ev.Nudged]
    assert [line.weights["cycle_a"] for line in metrics_of(run)] == [10.0, 5.0, 5.0]
    _, manifest = list_checkpoints(run)[0]
    assert (manifest.step, [line.step for line in manifest.recent]) == (1, [1])


def test_the_loop_waits_where_the_next_line_begins_and_nowhere_else(tmp_path: Path) -> None:
    """Not at the ends of epochs, every five steps, and not for contact sheets, for which a thread waits."""
    run = make_run(tmp_path, "run.steps=18", "log.every=4", "sample.every=6")
    with session_of(run) as session:
        session.to_host = late = Late(lambda: session.progress.step)
        session.sheets = Idle("samples")
        train(session)
    assert [line.step for line in metrics_of(run)] == [4, 8, 12, 16, 18]
    assert sorted(set(late.waits)) == [8, 12, 16, 18], "for a line's losses, and for the looks of a sheet before it"


def test_losses_that_have_arrived_are_written_at_the_next_step_boundary(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=15", "log.every=4")
    written: list[tuple[int, int]] = []

    def script(event: ev.Event) -> Iterable[Command]:
        if isinstance(event, ev.Metrics):
            written.append((event.step, here[0].progress.step))
        return ()

    here: list[Session] = []
    with session_of(run, script=script) as session:
        here.append(session)
        session.to_host = late = Late(lambda: session.progress.step, after=2)
        train(session)
    assert written == [(4, 6), (8, 10), (12, 14), (15, 15)]
    assert set(late.waits) <= {0, 15}, "for contact sheets, and for the last line"


def test_a_schedule_that_goes_by_the_losses_is_given_them_at_the_end_of_each_epoch(tmp_path: Path) -> None:
    settings = ("run.steps=12", "log.every=100", "optim.schedule=plateau", "optim.patience=1")
    prompt, late = (make_run(tmp_path / name, *settings) for name in ("prompt", "late"))
    train_here(prompt)
    assert set(train_late(late).waits) == {0, 5, 10, 12}
    assert not differences(last_state(prompt), last_state(late))


def test_a_run_that_is_resumed_goes_on_as_if_losses_had_not_been_late(tmp_path: Path) -> None:
    settings = ("run.steps=9", "log.every=2")
    whole, parted = (make_run(tmp_path / name, *settings) for name in ("whole", "parted"))
    train_here(whole)
    train_late(parted, after_the_first_step(SetControls(values={"log.every": 2.0}), Stop()))
    train_late(parted)
    assert course_of(parted) == course_of(whole)
    assert not differences(last_state(whole), last_state(parted))


def test_losses_that_are_not_finite_end_the_run_before_the_next_state_is_saved(tmp_path: Path) -> None:
    """Its weights are finite: only the line tells."""
    run = make_run(tmp_path, "log.every=2", "checkpoint.every=3")
    with session_of(run) as session:
        lose(session, math.nan)
        session.to_host = Late(lambda: session.progress.step)
        with pytest.raises(WorkError, match="became NaN or infinite between step 0 and 2"):
            train(session)
    assert session.progress.step == 3
    assert not list_checkpoints(run)


def test_what_is_asked_waits_until_the_losses_before_it_have_been_looked_at(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with session_of(run, script=after_the_first_step(SaveCheckpoint())) as session:
        lose(session, math.nan)
        session.to_host = Late(lambda: session.progress.step)
        with pytest.raises(WorkError, match="became NaN or infinite between step 0 and 1"):
            train(session)
    assert session.progress.step == 1
    assert not list_checkpoints(run)


def test_a_state_that_is_saved_in_need_holds_the_line_that_was_on_its_way(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data")
    run = make_run(tmp_path, "data.cache=off", root=root)

    def remove(event: ev.Event) -> Iterable[Command]:
        if isinstance(event, ev.Training):
            shutil.rmtree(root / "trainB")
        return ()

    with pytest.raises(WorkError, match="can be used"):
        train_late(run, remove)
    [(_, manifest)] = list_checkpoints(run)
    assert (manifest.step, [line.step for line in manifest.recent]) == (1, [1])
    assert [line.step for line in metrics_of(run)] == [1]


def test_a_run_that_is_held_for_them_pauses_at_the_step_at_which_they_are_known(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=8", "log.every=4", "sentinel.not_finite.action=pause")

    def go_on(event: ev.Event) -> Iterable[Command]:
        return [Continue()] if isinstance(event, ev.Paused) else []

    with session_of(run, script=go_on) as session:
        lose(session, math.inf)
        session.to_host = Late(lambda: session.progress.step, after=2)
        train(session)
    [alert] = events_of(run, ev.Alert)
    assert (alert.step, alert.fact) == (6, "became NaN or infinite between step 0 and 4; the run is held")
    assert [paused.step for paused in events_of(run, ev.Paused)] == [6]


def test_a_run_is_not_held_before_the_losses_on_their_way_have_been_looked_at(tmp_path: Path) -> None:
    """Held for something else, it would not look at them until somebody asks it to go on."""
    run = make_run(tmp_path)
    here: list[Session] = []

    def hold(event: ev.Event) -> Iterable[Command]:
        if isinstance(event, ev.Training):
            here[0].hold = "another sentinel"
        return [Continue()] if isinstance(event, ev.Paused) else []

    with session_of(run, script=hold) as session:
        here.append(session)
        lose(session, math.nan)
        session.to_host = Late(lambda: session.progress.step)
        with pytest.raises(WorkError, match="became NaN or infinite between step 0 and 1"):
            train(session)
    assert session.progress.step == 1
    assert not events_of(run, ev.Paused)


def failing_at_step_3(tmp_path: Path) -> tuple[RunDirectory, AbstractContextManager[Session]]:
    """A run whose third step is followed by pictures of images that no network takes."""
    run = make_run(tmp_path, "log.every=2", "sample.every=3")

    @contextmanager
    def made_ready() -> Iterator[Session]:
        def spoil(event: ev.Event) -> Iterable[Command]:
            if isinstance(event, ev.Training):
                too_small = torch.zeros(1, 3, 1, 1)
                session.shown = ImageBatch(real_A=too_small, real_B=too_small)
            return ()

        with session_of(run, script=spoil) as session:
            yield session

    return run, made_ready()


def test_a_run_that_fails_has_recorded_what_was_on_its_way(tmp_path: Path) -> None:
    run, made_ready = failing_at_step_3(tmp_path)
    with made_ready as session:
        session.to_host = Late(lambda: session.progress.step)
        with pytest.raises(RuntimeError):
            train(session)
    assert [line.step for line in metrics_of(run)] == [2]


class Lost:
    """Values on a device that has failed: whoever waits for them is told so."""

    done = False

    def __init__(self, values: Tensor) -> None:
        pass

    def wait(self) -> Tensor:
        raise RuntimeError("the device is gone")


def test_what_cannot_be_completed_does_not_hide_why_a_run_failed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run, made_ready = failing_at_step_3(tmp_path)
    with made_ready as session:
        session.to_host = Lost
        with pytest.raises(RuntimeError, match=r"[Pp]adding"):
            train(session)
    assert "the device is gone" in caplog.text
    assert [alert.subject for alert in events_of(run, ev.Alert)] == ["contact sheet"], "of the first, which failed too"
