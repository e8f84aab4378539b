"""Sentinels in runs that are made to have exactly their fault, and in healthy ones of every method; what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.config.methods import CONFIGS
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Command, Continue
from engine.protocol.rundir import RunDirectory
from engine.train.loop import Ending, train
from engine.train.session import Session
from tests.engine.train.here import session_of
from tests.engine.train.sick import SMALL, WATCHFUL, blind, blow_up, negative, one_picture, redraw, same
from tests.runs import events_of, make_run, metrics_of

Make = Callable[[Session], object]


def nothing(session: Session) -> None:
    """A run that is sick by its settings alone."""


def collapsed(session: Session) -> None:
    redraw(session, "G_A", one_picture)


def unchanged(session: Session) -> None:
    redraw(session, "G_B", same)


def inverted(session: Session) -> None:
    redraw(session, "G_A", negative)
    redraw(session, "G_B", negative)


def blinded(session: Session) -> None:
    for name in ("D_A", "D_B"):
        blind(session.method.networks[name])


PATIENT = ("run.steps=32", "sentinel.collapse.steps=20", "sentinel.identity.steps=12", "sentinel.inversion.steps=12")
LAZY = ("optim.lr_g=1e-9",)
IDLE = (*LAZY, "optim.lr_d=1e-9")
KEEN = (*LAZY, "optim.lr_d=2e-2")
SURE = (
    "loss.gan=vanilla",
    "sentinel.d_saturated.real=0.8", "sentinel.d_saturated.fake=0.2", "sentinel.imbalance.ahead=0.6",
)  # fmt: skip
AHEAD = (*KEEN, "sentinel.d_saturated.action=off", "run.steps=32")
SOON = ("run.steps=12",)
ALIKE = (
    "data.images=2", "data.resize=16", "data.flip=false", "optim.pool=0",
    "sentinel.stall.change=0.03", "sentinel.imbalance.action=off",
)  # fmt: skip
"""Next to no chance: from half to half of a window losses move by 7 % or more where anything is learnt, else by 1 %."""


class Fault(NamedTuple):
    """A fault, and what is to be found of it."""

    sentinel: str
    watched: tuple[str, ...]
    """Thresholds and toy: with these alone a run is well."""
    settings: tuple[str, ...]
    """What makes the run sick, if it is its settings."""
    make: Make
    """Or what is done to its networks."""
    subject: str
    moved: str
    """The control that the suggestion moves."""


FAULTS: dict[str, Fault] = {
    "won": Fault("d_saturated", SURE, KEEN, nothing, "", "optim.lr_d"),
    "ahead": Fault("imbalance", SURE, AHEAD, nothing, "", "optim.lr_d"),
    "blind": Fault("imbalance", PATIENT, (), blinded, "D_A, D_B", "optim.lr_d"),
    "collapsed": Fault("collapse", SOON, (), collapsed, "fake_B", "loss.cycle_a"),
    "unchanged": Fault("identity", SOON, (), unchanged, "fake_A", "loss.identity"),
    "inverted": Fault("inversion", SOON, (), inverted, "fake_B, fake_A", "loss.identity"),
    "still": Fault("stall", ALIKE, IDLE, nothing, "the losses", "optim.lr_g"),
}

WATCHED = tuple(dict.fromkeys(fault.watched for fault in FAULTS.values()))
"""Without their faults; with PATIENT's thresholds and toy the healthy CycleGAN runs."""


def trained(
    run: RunDirectory, make: Make = nothing, script: Callable[[ev.Event], Iterable[Any]] | None = None
) -> Ending:
    with session_of(run, script=script or (lambda event: ())) as session:
        make(session)
        return train(session)


def told_of(run: RunDirectory) -> list[tuple[str, str, str]]:
    return [(alert.sentinel, alert.subject, alert.fact) for alert in events_of(run, ev.Alert)]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_once_by_its_sentinel_with_a_nudge_that_the_run_takes(tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *fault.watched, *fault.settings)
    trained(run, fault.make)
    alerts = events_of(run, ev.Alert)
    assert [alert.sentinel for alert in alerts] == [fault.sentinel], told_of(run)
    [alert] = alerts
    assert alert.subject == fault.subject or not fault.subject
    assert alert.cause
    assert set(alert.suggestion) == {fault.moved}
    [announced] = events_of(run, ev.Announced)
    [control] = [control for control in announced.controls if control.name == fault.moved]
    assert control.check(alert.suggestion[control.name]) != announced.values[control.name]


@pytest.mark.parametrize("watched", [each for each in WATCHED if each is not PATIENT], ids=" ".join)
def test_the_same_run_without_the_fault_has_no_alert(tmp_path: Path, watched: tuple[str, ...]) -> None:
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *watched)
    trained(run)
    assert told_of(run) == []


def test_a_spike_is_found_and_is_over_when_the_loss_is_down_again(tmp_path: Path) -> None:
    """The discriminators' weights are blown up for two steps."""
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *IDLE, "run.steps=28")
    here: list[Session] = []
    kept: dict[str, Any] = {}

    def disturb(event: ev.Event) -> Iterable[Command]:
        if isinstance(event, ev.Metrics) and event.step in (12, 14):
            network = here[0].method.networks["D_A"]
            if event.step == 12:
                kept.update({name: value.clone() for name, value in network.state_dict().items()})
                blow_up(network)
            else:
                network.load_state_dict(kept)
        return ()

    trained(run, here.append, disturb)
    [alert] = events_of(run, ev.Alert)
    assert (alert.sentinel, alert.step) == ("spike", 14)
    assert "D_A" in alert.subject
    [over] = events_of(run, ev.Recovered)
    assert over.sentinel == "spike"
    assert over.subject == alert.subject
    assert over.step > alert.step


SHAPED = "generator.init=kaiming"
"""First weights with which the translations of toys differ from the first step on."""
HEALTHY: dict[str, tuple[str, ...]] = {
    "cyclegan": SMALL,
    "pix2pix": (SHAPED,),
    "discogan": (SHAPED,),
    "dtn": (SHAPED, "optim.lr_d=1e-3", "sentinel.collapse.steps=30", "run.steps=40"),
    "aegan": (),
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_in_a_healthy_run_of_each_method_no_sentinel_says_anything(tmp_path: Path, kind: str) -> None:
    run = make_run(tmp_path, *WATCHFUL, *PATIENT, *HEALTHY[kind], kind=kind)
    trained(run)
    assert told_of(run) == []
    health = {name for line in metrics_of(run) for name in line.health}
    assert {"diversity_fake_B", "change_fake_B", "correlation_fake_B"} <= health
    assert any(name.endswith("_on_real") for name in health)


def test_a_run_is_held_until_the_user_says_more(tmp_path: Path) -> None:
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *SOON, "sentinel.collapse.action=pause")

    def go_on(event: ev.Event) -> Iterable[Command]:
        return [Continue()] if isinstance(event, ev.Paused) else []

    assert trained(run, collapsed, go_on) is Ending.FINISHED
    [alert] = events_of(run, ev.Alert)
    assert alert.sentinel == "collapse"
    [paused] = events_of(run, ev.Paused)
    assert alert.action == "pause"
    assert (paused.by, paused.step) == ("sentinel collapse", alert.step)
    assert metrics_of(run)[-1].step == 12


def test_a_run_is_saved_and_ended(tmp_path: Path) -> None:
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *SOON, "sentinel.collapse.action=stop")
    assert trained(run, collapsed) is Ending.STOPPED
    [alert] = events_of(run, ev.Alert)
    assert alert.sentinel == "collapse"
    [stopped] = events_of(run, ev.Stopped)
    assert (stopped.by, stopped.step, stopped.saved) == ("sentinel collapse", alert.step, True)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [alert.step]


def test_a_sentinel_that_is_off_says_nothing(tmp_path: Path) -> None:
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *SOON, "sentinel.collapse.action=off")
    trained(run, collapsed)
    assert told_of(run) == []
