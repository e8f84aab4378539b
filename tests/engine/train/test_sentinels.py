"""Losses and states that are not finite: told, never saved, and the way back is offered."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Continue, SetControls, Stop
from engine.protocol.rundir import RunDirectory
from engine.train.loop import Ending, train
from engine.train.reporting import begin_line, finish_line
from engine.train.session import Session
from tests.engine.train.here import Script, nothing_more, session_of
from tests.runs import COMPONENTS, call_imported, events_of, make_run, metrics_of


def lose(session: Session, **losses: float) -> None:
    """Let the next line of metrics have certain losses."""
    values = {**dict.fromkeys(COMPONENTS, 1.0), **losses}
    session.meters.add({name: torch.tensor(value) for name, value in values.items()})
    session.progress.step += 1
    begin_line(session)


def train_poisoned(run: RunDirectory, at_step: int, script: Script = nothing_more) -> Ending:
    """Train, and make a weight NaN once so many steps are done, as an update that overflowed would."""
    here: list[Session] = []

    def poison(event: ev.Event) -> object:
        if isinstance(event, ev.Metrics) and event.step == at_step:
            with torch.no_grad():
                next(here[0].method.networks["G_B"].parameters()).fill_(math.nan)
        return script(event)

    with session_of(run, script=poison) as session:  # type: ignore[arg-type]
        here.append(session)
        return train(session)


def test_the_component_is_named_and_the_run_ends(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with session_of(run) as session:
        lose(session)
        finish_line(session)
        lose(session, G_A=math.nan, D_B=math.inf)
        with pytest.raises(WorkError) as caught:
            finish_line(session)
    assert caught.value.subject == "G_A, D_B"
    assert caught.value.fact == "became NaN or infinite between step 1 and 2"
    assert caught.value.fix == (
        "No checkpoint was saved before that; "
        "train it anew: gan-tui train tiny --set optim.lr_g=0.0001 --set optim.lr_d=0.0001"
    )


def test_a_run_of_imported_weights_is_imported_again(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    call_imported(run)
    with session_of(run) as session:
        lose(session, G_A=math.nan)
        with pytest.raises(WorkError, match=r"was saved before that; import it again: gan-tui import$"):
            finish_line(session)


def test_a_warning_is_given_once_for_each_time_that_it_begins(tmp_path: Path) -> None:
    run = make_run(tmp_path, "sentinel.not_finite.action=warn")
    with session_of(run) as session:
        for value in (1.0, math.nan, math.nan, 1.0, math.inf):
            lose(session, cycle_A=value)
            finish_line(session)
    assert [(alert.subject, alert.step) for alert in events_of(run, ev.Alert)] == [("cycle_A", 2), ("cycle_A", 5)]


@pytest.mark.parametrize("every", [3, 5, 1000])
def test_a_poisoned_state_is_never_saved_and_the_last_finite_one_is_offered(tmp_path: Path, every: int) -> None:
    """Whether it is a loss or the save that shows it first."""
    run = make_run(tmp_path, "run.steps=20", f"checkpoint.every={every}")
    with pytest.raises(WorkError) as caught:
        train_poisoned(run, at_step=6)
    kept = [manifest.step for _, manifest in list_checkpoints(run)]
    assert kept == [step for step in range(1, 6) if step % every == 0]
    if kept:
        command = f"gan-tui resume tiny --checkpoint {kept[-1]} --set optim.lr_g=0.0001 --set optim.lr_d=0.0001"
        assert caught.value.fix == f"The last finite checkpoint is of step {kept[-1]}: {command}"
    assert max(line.step for line in metrics_of(run)) <= 8


def test_the_learning_rates_offered_are_below_the_checkpoints(tmp_path: Path) -> None:
    run = make_run(tmp_path, "checkpoint.every=2", "optim.lr_g=3e-4")
    with pytest.raises(WorkError) as caught:
        train_poisoned(run, at_step=3)
    assert "--checkpoint 2 --set optim.lr_g=0.00015 --set optim.lr_d=0.0001" in caught.value.fix


def test_a_stop_with_a_poisoned_state_says_what_it_is(tmp_path: Path) -> None:
    run = make_run(tmp_path, "log.every=4", "checkpoint.every=4")

    def stop_later(event: ev.Event) -> list[Stop]:
        return [Stop()] if isinstance(event, ev.Metrics) and event.step == 4 else []

    with pytest.raises(WorkError, match="G_B: held values that are NaN or infinite by step 4"):
        train_poisoned(run, at_step=4, script=stop_later)
    assert not list_checkpoints(run)
    assert not events_of(run, ev.Stopped)


def test_a_held_run_waits_for_the_user(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=12", "sentinel.not_finite.action=pause")

    def go_on(event: ev.Event) -> list[object]:
        return [Stop(how="discard"), Continue()] if isinstance(event, ev.Paused) else []

    assert train_poisoned(run, at_step=6, script=go_on) is Ending.STOPPED  # type: ignore[arg-type]
    [paused] = events_of(run, ev.Paused)
    assert (paused.by, paused.step) == ("sentinel not_finite", 7)
    [alert] = events_of(run, ev.Alert)
    assert alert.fact.endswith("; the run is held")


@pytest.mark.parametrize(("action", "held", "told"), [("pause", [2, 3, 4], [2, 3, 4, 4]), ("warn", [], [2])])
def test_at_each_save_that_fails_for_a_broken_state_the_run_is_held_and_a_warning_is_given_once(
    tmp_path: Path, action: str, held: list[int], told: list[int]
) -> None:
    """The losses are logged at the end alone: before that only the saves show it, and the same of it each time."""
    run = make_run(tmp_path, "checkpoint.every=1", "log.every=100", f"sentinel.not_finite.action={action}")

    def go_on(event: ev.Event) -> list[object]:
        return [Continue()] if isinstance(event, ev.Paused) else []

    with session_of(run, script=go_on) as session:  # type: ignore[arg-type]
        with torch.no_grad():
            for network in session.method.networks.values():
                next(network.parameters()).fill_(math.nan)
        session.total_steps = 4
        with pytest.raises(WorkError, match="of step 4 could not be written"):
            train(session)
    assert [event.step for event in events_of(run, ev.Paused)] == held
    assert [alert.step for alert in events_of(run, ev.Alert) if alert.fact.startswith("held values")] == told


def test_where_a_nudge_came_before_the_newest_checkpoint_the_one_before_that_is_offered_too(tmp_path: Path) -> None:
    run = make_run(tmp_path, "checkpoint.every=3", "log.every=1")

    def nudge(event: ev.Event) -> list[SetControls]:
        at_once = SetControls(values={"loss.adversarial": 10_000.0})
        return [at_once] if isinstance(event, ev.Metrics) and event.step == 4 else []

    with pytest.raises(WorkError) as caught:
        train_poisoned(run, at_step=8, script=nudge)
    newest, before = caught.value.fix.split("; ")
    assert newest.startswith("The last finite checkpoint is of step 6: gan-tui resume tiny --checkpoint 6 ")
    assert before.startswith("the last from before the newest nudge, of step 3: gan-tui resume tiny --checkpoint 3 ")
