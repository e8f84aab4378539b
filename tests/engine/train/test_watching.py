"""Sentinels in runs that are made to have exactly their fault, and in healthy ones of every method; what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from engine.config.methods import CONFIGS
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Command, Continue
from engine.protocol.rundir import RunDirectory
from engine.train.loop import Ending, train
from engine.train.session import Session
from tests.engine.train.here import session_of
from tests.engine.train.sick import SMALL, WATCHFUL, blow_up, negative, one_picture, redraw, same
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


LAZY = ("optim.lr_g=1e-9",)
BLIND = ("optim.lr_d=1e-9", "sentinel.imbalance.behind=0.2")
WON = ("loss.gan=vanilla", "optim.lr_d=2e-2", "sentinel.d_saturated.real=0.8", "sentinel.d_saturated.fake=0.2", *LAZY)
AHEAD = (*WON, "sentinel.d_saturated.action=off", "sentinel.imbalance.ahead=0.6", "run.steps=32")
STILL = (*LAZY, "optim.lr_d=1e-9", "sentinel.stall.change=0.3", "sentinel.imbalance.action=off")
SOON = (*LAZY, "run.steps=12")

FAULTS: dict[str, tuple[str, tuple[str, ...], Make, str, set[str]]] = {
    "won": ("d_saturated", WON, nothing, "", {"optim.lr_d"}),
    "ahead": ("imbalance", AHEAD, nothing, "", {"optim.lr_d"}),
    "blind": ("imbalance", BLIND, nothing, "D_A, D_B", {"optim.lr_d"}),
    "collapsed": ("collapse", SOON, collapsed, "fake_B", {"loss.cycle_a"}),
    "unchanged": ("identity", SOON, unchanged, "fake_A", {"loss.identity"}),
    "inverted": ("inversion", SOON, inverted, "fake_B, fake_A", {"loss.identity"}),
    "still": ("stall", STILL, nothing, "the losses", {"optim.lr_g"}),
}
"""Which sentinel is to find a fault, how it is made, what the alert is about, and which controls are to be moved."""


def trained(
    run: RunDirectory, make: Make = nothing, script: Callable[[ev.Event], Iterable[Any]] | None = None
) -> Ending:
    with session_of(run, script=script or (lambda event: ())) as session:
        make(session)
        return train(session)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_once_by_its_sentinel_with_a_nudge_that_the_run_takes(tmp_path: Path, fault: str) -> None:
    sentinel, settings, make, subject, moved = FAULTS[fault]
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *settings)
    trained(run, make)
    found = [alert for alert in events_of(run, ev.Alert) if alert.sentinel == sentinel]
    [alert] = found
    assert alert.subject == subject or not subject
    assert alert.cause
    assert set(alert.suggestion) == moved
    [announced] = events_of(run, ev.Announced)
    for control in announced.controls:
        if control.name in alert.suggestion:
            assert control.check(alert.suggestion[control.name]) != announced.values[control.name]


def test_a_spike_is_found_and_is_over_when_the_loss_is_down_again(tmp_path: Path) -> None:
    """The discriminators' weights are blown up for two steps."""
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *LAZY, "optim.lr_d=1e-9", "run.steps=28")
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
    [alert] = [alert for alert in events_of(run, ev.Alert) if alert.sentinel == "spike"]
    assert alert.step == 14
    assert "D_A" in alert.subject
    [over] = [event for event in events_of(run, ev.Recovered) if event.sentinel == "spike"]
    assert over.subject == alert.subject
    assert over.step > alert.step


PATIENT = ("run.steps=32", "sentinel.collapse.steps=20", "sentinel.identity.steps=12", "sentinel.inversion.steps=12")
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
    assert [(alert.sentinel, alert.subject, alert.fact) for alert in events_of(run, ev.Alert)] == []
    health = {name for line in metrics_of(run) for name in line.health}
    assert {"diversity_fake_B", "change_fake_B", "correlation_fake_B"} <= health
    assert any(name.endswith("_on_real") for name in health)


def test_a_run_is_held_until_the_user_says_more(tmp_path: Path) -> None:
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *SOON, "sentinel.collapse.action=pause")

    def go_on(event: ev.Event) -> Iterable[Command]:
        return [Continue()] if isinstance(event, ev.Paused) else []

    assert trained(run, collapsed, go_on) is Ending.FINISHED
    [alert] = [alert for alert in events_of(run, ev.Alert) if alert.sentinel == "collapse"]
    [paused] = events_of(run, ev.Paused)
    assert alert.action == "pause"
    assert (paused.by, paused.step) == ("sentinel collapse", alert.step)
    assert metrics_of(run)[-1].step == 12


def test_a_run_is_saved_and_ended(tmp_path: Path) -> None:
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *SOON, "sentinel.collapse.action=stop")
    assert trained(run, collapsed) is Ending.STOPPED
    [alert] = [alert for alert in events_of(run, ev.Alert) if alert.sentinel == "collapse"]
    [stopped] = events_of(run, ev.Stopped)
    assert (stopped.by, stopped.step, stopped.saved) == ("sentinel collapse", alert.step, True)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [alert.step]


def test_a_sentinel_that_is_off_says_nothing(tmp_path: Path) -> None:
    run = make_run(tmp_path, *WATCHFUL, *SMALL, *SOON, "sentinel.collapse.action=off")
    trained(run, collapsed)
    assert not [alert for alert in events_of(run, ev.Alert) if alert.sentinel == "collapse"]
