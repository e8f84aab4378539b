"""A run whose discriminators do not learn, in a real engine: it is held, says so, and takes what is suggested."""

from __future__ import annotations

import json
from pathlib import Path

from engine.protocol import events as ev
from engine.protocol.commands import Report, Status, Stop
from tests.runs import Engine, engine_of, events_of, gan_tui, make_run

BLIND = (
    "optim.lr_d=1e-9", "log.every=2", "sentinel.imbalance.action=pause",
    "sentinel.imbalance.behind=0.2", "sentinel.imbalance.steps=4",
)  # fmt: skip


def held(engine: Engine) -> Report | None:
    """What is answered once it is."""
    report = engine.ask(Status()).report
    return report if report is not None and report.state == "paused" else None


def test_a_held_run_tells_why_and_goes_on_with_what_is_suggested(tmp_path: Path) -> None:
    run = make_run(tmp_path, *BLIND)
    with engine_of(run) as engine:
        engine.until_event(ev.Paused)
        [alert] = events_of(run, ev.Alert)
        report = engine.until(lambda: held(engine), "the word that it is held")
        assert report.alerts == (alert,)
        assert (alert.sentinel, alert.action, alert.suggestion) == ("imbalance", "pause", {"optim.lr_d": 2e-9})

        told = gan_tui(tmp_path, "ctl", "tiny", "status").stdout
        assert f"imbalance since step {alert.step}: D_A, D_B do not tell" in told
        assert json.loads(gan_tui(tmp_path, "ctl", "tiny", "accept", "--json").stdout)["step"] == alert.step
        gan_tui(tmp_path, "ctl", "tiny", "continue")
        [nudged] = engine.until(lambda: events_of(run, ev.Nudged), "the nudge")
        assert (nudged.why, nudged.changes[0].new) == ("sentinel imbalance", 2e-9)
        engine.until_event(ev.Continued)
        engine.ask(Stop(how="discard"))
        assert engine.ended() == 0
