"""Contact sheets: those that the journal names, and those that are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.protocol.rundir import RunDirectory
from engine.protocol.verify import verify_run
from tests.engine.protocol.verify.damage import edit, findings_of, only_finding, place_of
from tests.gan_tui.client.locked import locked


@pytest.fixture
def sheet(run: RunDirectory) -> Path:
    return run.samples / "step-00000004.png"


def test_a_sheet_that_is_gone(run: RunDirectory, sheet: Path) -> None:
    assert verify_run(run).samples == len(list(run.samples.iterdir())) > 3
    sheet.unlink()
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "samples/step-00000004.png")
    place = place_of(run.events, "sampled", 1)
    assert finding.fact == f"is gone; line {place + 1} of events.jsonl names it"


@pytest.mark.parametrize(("size", "fact"), [(0, "is no PNG"), (4, "is no PNG"), (200, "is cut short")])
def test_a_sheet_that_a_power_cut_shortened(run: RunDirectory, sheet: Path, size: int, fact: str) -> None:
    os.truncate(sheet, size)
    finding = only_finding(run)
    assert finding.severity == "problem"
    assert finding.fact.startswith(fact)


def test_a_sheet_that_is_a_folder(run: RunDirectory, sheet: Path) -> None:
    sheet.unlink()
    sheet.mkdir()
    assert only_finding(run).fact.startswith("is no file")


@pytest.mark.parametrize("path", ["/etc/hostname", "../../x.png", "samples/" + "x" * 300, "samples/a\\u0000b", ""])
def test_a_journal_that_names_something_else_is_not_believed(run: RunDirectory, path: str) -> None:
    place = place_of(run.events, "sampled", 1)
    named = b'"samples/step-00000004.png"'
    edit(run.events, lambda lines: lines.__setitem__(place, lines[place].replace(named, f'"{path}"'.encode())))
    told = findings_of(run)
    assert [severity for severity, _, _ in told] == ["problem", "remark"]
    assert told[1][1] == "samples/step-00000004.png"


def test_pictures_that_no_event_names(run: RunDirectory, sheet: Path) -> None:
    sheet.with_name("step-00000005.png").write_bytes(sheet.read_bytes())
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("remark", "samples/step-00000005.png")
    assert finding.fact == "is named by no event"
    with locked(run):
        assert findings_of(run) == [], "an engine may be about to name it"


@pytest.mark.parametrize("name", ["cat.jpg", "Thumbs.db", ".hidden"])
def test_strangers_among_the_pictures(run: RunDirectory, name: str) -> None:
    (run.samples / name).touch()
    finding = only_finding(run)
    assert (finding.severity, finding.topic, finding.subject) == ("remark", "files", f"samples/{name}")


def test_a_sheet_whose_writing_was_cut_short(run: RunDirectory) -> None:
    (run.samples / ".step-00000008.png.part").touch()
    finding = only_finding(run)
    assert (finding.severity, finding.fact) == ("remark", "is a sheet that was never completed")
    with locked(run):
        assert findings_of(run) == []
