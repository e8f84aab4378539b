"""Memory that does not suffice: the run says so, and what to lower."""

from __future__ import annotations

from pathlib import Path

from engine.protocol import events as ev
from engine.protocol.rundir import read_identity
from tests.runs import engine_of, events_of, make_run


def test_networks_that_do_not_fit_are_a_reason_and_an_advice(tmp_path: Path) -> None:
    """A layer of 36 TB: more than any machine gives, however it overcommits."""
    run = make_run(tmp_path, "generator.width=1000000", "run.batch=3")
    with engine_of(run) as engine:
        assert engine.ended() == 1
    [failure] = events_of(run, ev.Failed)
    assert failure.reason.startswith("memory is full: ")
    assert failure.fix == "Less is taken by gan-tui train PRESET --set generator.width=500000"
    assert "Traceback" in run.log.read_text(), "the log has the whole of it"
    assert read_identity(run).reason == f"{failure.reason}. {failure.fix}"
