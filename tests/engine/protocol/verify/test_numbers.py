"""The numbers of a record: what a crash leaves is explained, what is lost or contradictory is named."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.rundir import RunDirectory
from engine.protocol.verify import LISTED, verify_run
from engine.protocol.verify.findings import Findings
from engine.protocol.verify.gaps import Gaps
from engine.protocol.verify.lines import LineReader
from engine.protocol.verify.numbers import Numbers, RecordFile
from tests.engine.protocol.verify.damage import edit, findings_of, only_finding, place_of, seq_of
from tests.runs import events_of, make_run, metrics_of, record_of

BOTH = "metrics.jsonl and events.jsonl"
TORN = b'{"kind":"note","seq":7,"step":3,"ti'


def replace(path: Path, place: int, content: bytes) -> int:
    """Put other bytes in a line's place; its number."""
    seq = seq_of(path.read_bytes().splitlines()[place])
    edit(path, lambda lines: lines.__setitem__(place, content))
    return seq


def missing_numbers(told: list[tuple[str, str, str]], severity: str) -> list[int]:
    """The numbers that findings of a severity say are missing."""
    facts = [fact for found, subject, fact in told if (found, subject) == (severity, BOTH)]
    ranges = [re.findall(r"\d+", fact.split(" (")[0]) for fact in facts]
    return [number for ends in ranges for number in range(int(ends[0]), int(ends[-1]) + 1)]


@pytest.mark.parametrize("name", ["metrics.jsonl", "events.jsonl"])
def test_a_line_that_a_kill_tore_is_the_last_and_harmless(run: RunDirectory, name: str) -> None:
    with (run.root / name).open("ab") as file:
        file.write(TORN)
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("remark", name)
    assert "ends within line" in finding.fact


def test_a_missing_last_newline_takes_nothing_from_the_line(run: RunDirectory) -> None:
    run.events.write_bytes(run.events.read_bytes()[:-1])
    finding = only_finding(run)
    assert finding.severity == "remark"
    assert "lacks the newline" in finding.fact


def test_a_torn_line_that_the_next_engine_closed_is_harmless(run: RunDirectory) -> None:
    second_start = place_of(run.events, "started", 1)
    edit(run.events, lambda lines: lines.insert(second_start, TORN + b"\n"))
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("remark", "events.jsonl")
    assert f"line {second_start + 1} cannot be read" in finding.fact


def test_so_is_one_at_the_end_of_metrics_of_a_run_that_was_taken_up_and_went_no_further(run: RunDirectory) -> None:
    resumed = events_of(run, ev.Started)[1].seq
    for path in (run.metrics, run.events):
        edit(path, lambda lines: lines.__setitem__(slice(None), [x for x in lines if seq_of(x) <= resumed]))
    edit(run.metrics, lambda lines: lines.append(TORN + b"\n"))
    assert findings_of(run)[0][:2] == ("problem", "events.jsonl"), "it does not end as run.json says"
    assert ("remark", "metrics.jsonl") in [finding[:2] for finding in findings_of(run)]
    assert "problem" not in [severity for severity, subject, _ in findings_of(run) if subject == "metrics.jsonl"]


def test_more_such_lines_than_engines_ended_are_damage(run: RunDirectory) -> None:
    run.metrics.write_bytes(b"garbage\n" * 1000)
    told = findings_of(run)
    [fact] = [fact for severity, subject, fact in told if (severity, subject) == ("problem", "metrics.jsonl")]
    assert "lines 1 to 1,000 cannot be read" in fact


def test_a_run_that_was_begun_once_has_no_torn_line_with_a_newline(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.events.write_bytes(encode(ev.Started(seq=1, step=0, time=0.0, pid=1, host="h")) + b"\n")
    run.metrics.write_bytes(TORN + b"\n")
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "metrics.jsonl")


def test_a_torn_line_within_a_course_is_harmless_where_no_number_is_missing(run: RunDirectory) -> None:
    edit(run.metrics, lambda lines: lines.insert(3, TORN + b"\n"))  # as a full disk leaves it
    assert only_finding(run).severity == "remark"


@pytest.mark.parametrize(
    "content",
    [TORN + b"\n", b"\0" * 60 + b"\n", b'{"kind":"metrics","seq":"\xff"}\n', b"x" * (17 << 20) + b"\n"],
    ids=["torn", "zeros", "not UTF-8", "overlong"],
)
@pytest.mark.parametrize("name", ["metrics.jsonl", "events.jsonl"])
def test_a_damaged_line_is_lost_and_its_number_is_missing(run: RunDirectory, name: str, content: bytes) -> None:
    seq = replace(run.root / name, 4 if name == "metrics.jsonl" else 3, content)
    verdict = verify_run(run)
    line, number = verdict.findings
    assert (line.severity, line.topic, line.subject) == ("problem", "lines", name)
    assert f"line {5 if name == 'metrics.jsonl' else 4} cannot be read" in line.fact
    assert (number.severity, number.topic, number.subject) == ("problem", "numbers", BOTH)
    assert number.fact.startswith(f"lack the number {seq} (")
    assert verdict.events == verdict.lines - 1


def test_the_last_line_of_all_when_damaged_is_not_taken_for_torn(run: RunDirectory) -> None:
    edit(run.events, lambda lines: lines.__setitem__(-1, b"x" + lines[-1][1:]))
    facts = [fact for severity, _, fact in findings_of(run) if severity == "problem"]
    assert any("cannot be read" in fact for fact in facts)
    assert any("does not end with the event finished" in fact for fact in facts)


def test_a_tail_of_zeros_after_a_power_cut(run: RunDirectory) -> None:
    lines = run.metrics.read_bytes().splitlines(keepends=True)
    lost = [seq_of(line) for line in lines[-2:]]
    size = sum(map(len, lines[-2:]))
    run.metrics.write_bytes(b"".join(lines[:-2]) + b"\0" * size)
    told = findings_of(run)
    assert any(severity == "remark" and "ends within line" in fact for severity, _, fact in told)
    assert missing_numbers(told, "problem") == lost


def test_a_number_that_no_line_has(run: RunDirectory) -> None:
    place = place_of(run.metrics, "metrics", -2)
    seq = seq_of(run.metrics.read_bytes().splitlines()[place])
    edit(run.metrics, lambda lines: lines.pop(place))
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", BOTH)
    assert finding.fact.startswith(f"lack the number {seq} (line ")


def test_numbers_missing_from_the_beginning(run: RunDirectory) -> None:
    edit(run.events, lambda lines: lines.__delitem__(slice(0, 2)))
    assert only_finding(run).fact == "lack the numbers 1 to 2 (line 1 of events.jsonl has 3)"


def test_lines_missing_from_a_course_that_was_not_continued_are_harmless(run: RunDirectory) -> None:
    resumed = events_of(run, ev.Resumed)[2]
    assert resumed.from_seq > 0
    void = [line.seq for line in events_of(run, ev.Metrics) if resumed.from_seq < line.seq < resumed.seq]
    assert len(void) == 2, "steps 7 and 8"
    edit(run.metrics, lambda lines: lines.__setitem__(slice(None), [x for x in lines if seq_of(x) not in void]))
    told = findings_of(run)
    assert missing_numbers(told, "remark") == void
    assert {severity for severity, _, _ in told} == {"remark"}


def test_a_line_that_is_there_twice(run: RunDirectory) -> None:
    edit(run.metrics, lambda lines: lines.insert(5, lines[4]))
    seq = seq_of(run.metrics.read_bytes().splitlines()[4])
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "metrics.jsonl")
    assert finding.fact == f"has line 6 (number {seq}) again, which other lines have"


def test_two_lines_that_have_changed_places_are_one_finding(run: RunDirectory) -> None:
    edit(run.metrics, lambda lines: lines.insert(4, lines.pop(5)))
    second, first = (seq_of(line) for line in run.metrics.read_bytes().splitlines()[4:6])
    assert first < second
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "metrics.jsonl")
    assert finding.fact == f"has line 6 (number {first}) after line 5, whose number is {second}"
    assert "nothing is lost" in finding.fix


def test_a_line_that_was_moved_forward_is_one_finding(run: RunDirectory) -> None:
    edit(run.metrics, lambda lines: lines.insert(4, lines.pop()))
    moved, after = (seq_of(line) for line in run.metrics.read_bytes().splitlines()[4:6])
    finding = only_finding(run)
    assert finding.fact == f"has line 5 (number {moved}) before line 6, whose number is {after}"
    assert "nothing is lost" in finding.fix


def test_a_number_too_high_does_not_make_what_follows_out_of_order(run: RunDirectory) -> None:
    seq = change_number(run, 4, 92_345)
    after = seq_of(run.metrics.read_bytes().splitlines()[5])
    told = findings_of(run)
    assert [fact for _, subject, fact in told if subject == "metrics.jsonl"] == [
        f"has line 5 (number 92,345) before line 6, whose number is {after}"
    ]
    assert missing_numbers(told, "problem") == [seq]
    assert len(told) == 2
    assert verify_run(run).last_seq == record_of(run)[-1].seq


def test_one_at_the_end_leaves_the_numbers_before_it_missing(run: RunDirectory) -> None:
    last, seq = record_of(run)[-1].seq, change_number(run, -1, 92_345)
    assert [fact.split(" (")[0] for _, _, fact in findings_of(run)] == [
        f"lack the number {seq}",
        f"lack the numbers {last + 1:,} to 92,344",
    ]


@pytest.mark.parametrize("number", [0, -1, -(2**70)])
@pytest.mark.parametrize("place", [0, 4, -1])
@pytest.mark.parametrize("content", [b"", b'"kind":"metrics"'], ids=["known", "of a newer kind"])
def test_a_number_below_1_is_none(run: RunDirectory, place: int, number: int, content: bytes) -> None:
    seq = change_number(run, place, number)
    if content:
        edit(run.metrics, lambda lines: lines.__setitem__(place, lines[place].replace(content, b'"kind":"levitated"')))
    line = len(metrics_of(run)) + 1 if place < 0 else place + 1
    told = findings_of(run)
    assert told[0][:2] == ("problem", "metrics.jsonl")
    assert f"line {line} cannot be read: " in told[0][2]
    assert missing_numbers(told, "problem") == [seq]


def test_the_first_line_of_the_journal_may_have_such_a_one(run: RunDirectory) -> None:
    edit(run.events, lambda lines: lines.__setitem__(0, lines[0].replace(b'"seq":1,', b'"seq":0,')))
    assert [fact.split(" (")[0] for _, _, fact in findings_of(run)] == [
        "line 1 cannot be read: Expected `int` >= 1 - at `$.seq`",
        "lack the number 1",
    ]


def change_number(run: RunDirectory, place: int, seq: int) -> int:
    """Give a line of metrics another number; its number before."""
    line = metrics_of(run)[place]
    edit(run.metrics, lambda lines: lines.__setitem__(place, encode(msgspec.structs.replace(line, seq=seq)) + b"\n"))
    return line.seq


def test_a_file_that_was_appended_to_itself_is_one_finding(run: RunDirectory) -> None:
    lines = run.metrics.read_bytes().splitlines(keepends=True)
    run.metrics.write_bytes(b"".join(lines * 2))
    count, last = len(lines), seq_of(lines[-1])
    fact = only_finding(run).fact
    numbers = f"numbers {seq_of(lines[0])} to {last}"
    assert fact == f"has lines {count + 1} to {2 * count} ({numbers}) again, which other lines have"


def test_a_number_in_both_files(run: RunDirectory) -> None:
    place = place_of(run.metrics, "metrics", -2)
    line = run.metrics.read_bytes().splitlines()[place]
    seq = seq_of(line)
    [before] = [index for index, x in enumerate(run.events.read_bytes().splitlines()) if seq_of(x) < seq][-1:]
    edit(run.events, lambda lines: lines.insert(before + 1, line + b"\n"))
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "events.jsonl")
    assert f"has the number {seq}, which a line of the other file has too" in finding.fact


def test_an_event_of_a_newer_version_is_named_once_and_leaves_no_gap(run: RunDirectory) -> None:
    edit(run.events, lambda lines: lines.__setitem__(1, lines[1].replace(b'"phase"', b'"levitated"')))
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "events.jsonl")
    assert "line 2, number 2, cannot be understood" in finding.fact
    assert "update" in finding.fix


def test_findings_are_bounded_in_number_and_all_are_counted(run: RunDirectory) -> None:
    last = record_of(run)[-1].seq
    metrics, holes = metrics_of(run)[-1], 3 * LISTED
    with run.metrics.open("ab") as file:
        for number in range(1, holes + 1):
            file.write(encode(msgspec.structs.replace(metrics, seq=last + 2 * number)) + b"\n")
    verdict = verify_run(run)
    assert verdict.problems == holes
    assert len(verdict.findings) == LISTED + 1
    assert verdict.findings[-1].fact == f"{holes - LISTED} more like these"
    assert {finding.topic for finding in verdict.findings} == {"numbers"}


def test_what_an_engine_appends_meanwhile_is_read_in_order(tmp_path: Path) -> None:
    paths = metrics, events = tmp_path / "metrics.jsonl", tmp_path / "events.jsonl"

    def append(path: Path, seq: int) -> None:
        with path.open("ab") as file:
            file.write(encode(ev.Note(seq=seq, step=0, time=0.0, text="", by="")) + b"\n")

    append(metrics, 1)
    events.touch()
    findings, gaps = Findings(), Gaps()
    with LineReader(metrics, growing=True) as first, LineReader(events, growing=True) as second:
        files = [
            RecordFile(path.name, reader, gaps, findings) for path, reader in zip(paths, (first, second), strict=True)
        ]
        numbers = Numbers(*files, gaps, findings)
        lines = numbers.lines()
        read = [next(lines)[1].seq]
        append(events, 2)
        append(metrics, 3)
        append(events, 4)
        read += [line.seq for _, line in lines]
        numbers.report()
        gaps.report(findings)
    assert read == [1, 2, 3, 4]
    assert findings.listed() == ()
