"""What ``ctl status`` says to people."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.errors import RequestError
from engine.protocol.commands import Report
from engine.protocol.events import Alert, StagedChange
from gan_tui.cli.ctl import alert_to_accept, show_report

REPORT = Report(
    run="r", state="training", phase="", step=1_200, total_steps=2_000, epoch=3, epochs=5, throughput=4.051433,
    controls={"loss.cycle_a": 0.30000000000000004, "checkpoint.every": 1_000_000.0, "optim.lr_g": 2e-4},
    staged=(StagedChange(at_step=1_500, values={"loss.cycle_a": 1e9}, by="you"),),
    lr={"G": 0.00019999999}, losses={"G_A": 123456789.123, "D_A": None}, last_seq=9,
)  # fmt: skip


def test_numbers_are_as_short_as_on_the_dashboard(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(REPORT)
    assert capsys.readouterr().out.splitlines() == [
        "r: training",
        "step 1,200 of 2,000, epoch 3 of 5, 4.05 it/s",
        "lr        G 0.0002",
        "losses    G_A 1e8  D_A nan",
        "controls  loss.cycle_a 0.3  checkpoint.every 1000000  optim.lr_g 2e-4",
        "staged for step 1,500: loss.cycle_a 1e9",
    ]


def test_what_the_disk_does_not_take_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(replace(REPORT, lines_waiting=1_234, save_failure="No space left on device"))
    *_, lines, save = capsys.readouterr().out.splitlines()
    assert lines == "disk      1,234 lines of the record wait for room"
    assert save == "disk      the newest checkpoint could not be written: No space left on device"


COLLAPSE, STALL, APPLIED = (
    Alert(seq=seq, step=900 + seq, time=0.0, sentinel=name, subject=subject, fact="f", fix="Look.", suggestion=nudge)
    for seq, name, subject, nudge in (
        (1, "collapse", "fake_B", {"loss.cycle_a": 1.0}),
        (2, "stall", "losses", {}),
        (3, "spike", "G_A", {"optim.lr_g": 2e-4}),
    )
)


def test_open_alerts_are_told_with_what_they_suggest(capsys: pytest.CaptureFixture[str]) -> None:
    show_report(replace(REPORT, alerts=(COLLAPSE, STALL)))
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "alert     collapse since step 901: fake_B f. Suggested: loss.cycle_a 0.3 → 1",
        "alert     stall since step 902: losses f. Look.",
    ]


def test_the_newest_alert_that_suggests_something_is_accepted_or_the_one_that_is_named() -> None:
    report = replace(REPORT, alerts=(COLLAPSE, STALL))
    assert alert_to_accept(report, "") == alert_to_accept(report, "collapse") == COLLAPSE
    assert alert_to_accept(replace(REPORT, alerts=(COLLAPSE, APPLIED)), "") == COLLAPSE
    for alerts, named, said in (
        ((COLLAPSE, STALL), "stall", "sentinel stall: suggests no nudge. Look."),
        ((COLLAPSE,), "spike", "sentinel spike: finds no open alert. Open: collapse."),
        ((), "", "accept: finds no open alert. There is nothing to accept; gan-tui ctl r status tells of alerts."),
        ((APPLIED,), "", "accept: suggests what is in force already. Look."),
        ((COLLAPSE, APPLIED, STALL), "spike", "sentinel spike: suggests what is in force already. Look."),
    ):
        with pytest.raises(RequestError) as refused:
            alert_to_accept(replace(REPORT, alerts=alerts), named)
        assert refused.value.one_line() == said
