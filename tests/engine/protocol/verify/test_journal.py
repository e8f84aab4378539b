"""What a record tells, held against itself."""

from __future__ import annotations

import msgspec

from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.rundir import RunDirectory, read_identity, write_identity
from tests.engine.protocol.verify.damage import edit, findings_of, only_finding, place_of
from tests.runs import events_of, make_run


def test_steps_that_go_back_without_a_word(run: RunDirectory) -> None:
    resumed = events_of(run, ev.Resumed)[2]
    note = ev.Alert(seq=resumed.seq, step=6, time=0.0, subject="a", fact="b")
    place = place_of(run.events, "resumed", 2)
    edit(run.events, lambda lines: lines.__setitem__(place, encode(note) + b"\n"))
    finding = only_finding(run)
    assert (finding.severity, finding.topic) == ("problem", "steps")
    assert "is of step 7, after step 8, and no event says resumed" in finding.fact


def test_a_run_killed_before_its_first_metrics_begins_anew_without_a_word(run: RunDirectory) -> None:
    fresh = make_run(run.root.parent, name="fresh")
    events = [
        ev.Started(seq=1, step=0, time=0.0, pid=1, host="h"),
        ev.Training(seq=2, step=1, time=0.0),
        ev.Note(seq=3, step=40, time=0.0, text="", by=""),
        ev.Started(seq=4, step=0, time=0.0, pid=2, host="h"),
        ev.Training(seq=5, step=1, time=0.0),
    ]
    fresh.events.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    fresh.metrics.touch()
    assert findings_of(fresh) == []


def test_a_journal_cut_at_the_end_of_a_line_does_not_end_as_the_run_did(run: RunDirectory) -> None:
    edit(run.events, lambda lines: lines.pop())
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "events.jsonl")
    assert "does not end with the event finished" in finding.fact


def test_a_failed_run_may_not_have_been_able_to_say_so(run: RunDirectory) -> None:
    edit(run.events, lambda lines: lines.pop())
    write_identity(run, msgspec.structs.replace(read_identity(run), state="failed"))
    assert findings_of(run) == []
