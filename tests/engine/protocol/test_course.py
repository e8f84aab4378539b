"""Which recorded events belong to the course that was continued, and what is kept for its replay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.course import (
    checkpoints_on_record,
    continued,
    outline_of,
    read_course,
    read_nudges,
    recorded_step,
    resumes_of,
    write_nudges,
)
from engine.protocol.rundir import Parent, RunDirectory
from tests.runs import make_run


def metrics(seq: int, step: int) -> ev.Metrics:
    return ev.Metrics(
        seq=seq, step=step, time=0.0, epoch=1, images=1, losses={}, lr={}, weights={}, throughput=1.0, data_wait=0.0
    )


def nudged(seq: int, step: int, new: float = 1.0, undoes: int | None = None) -> ev.Nudged:
    change = ev.Change(name="loss.cycle_a", old=0.0, new=new)
    return ev.Nudged(seq=seq, step=step, time=0.0, changes=(change,), by="me", why="a look", undoes=undoes)


def resumed(seq: int, from_step: int, from_seq: int = 0) -> ev.Resumed:
    return ev.Resumed(seq=seq, step=from_step, time=0.0, from_step=from_step, checkpoint="x", from_seq=from_seq)


def note(seq: int, text: str, step: int = 0) -> ev.Note:
    return ev.Note(seq=seq, step=step, time=0.0, text=text, by="me")


def recorded(folder: Path, *events: ev.Event, parent: Parent | None = None) -> RunDirectory:
    """A run whose record holds some events."""
    run = make_run(folder, parent=parent)
    for path, of_metrics in ((run.metrics, True), (run.events, False)):
        path.write_bytes(
            b"".join(encode(event) + b"\n" for event in events if isinstance(event, ev.Metrics) is of_metrics)
        )
    return run


def seqs_of_course(*events: ev.Event) -> list[int]:
    resumes = [event for event in events if isinstance(event, ev.Resumed)]
    return [event.seq for event in continued(events, resumes)]


def test_without_a_resume_everything_belongs_to_the_course() -> None:
    assert seqs_of_course(nudged(1, 0), metrics(2, 1), metrics(3, 2)) == [1, 2, 3]


def test_of_one_step_what_came_before_the_copy_stays_and_what_came_after_it_is_void() -> None:
    events = (metrics(1, 1), nudged(2, 1), nudged(3, 1), metrics(4, 2), resumed(5, from_step=1, from_seq=2))
    assert seqs_of_course(*events, metrics(6, 2)) == [1, 2, 5, 6]


def test_a_later_resume_may_go_back_beyond_an_earlier_one() -> None:
    events = (
        metrics(1, 1), metrics(2, 2), metrics(3, 3),
        resumed(4, from_step=2, from_seq=2), metrics(5, 3), nudged(6, 3), metrics(7, 4),
        resumed(8, from_step=1, from_seq=1), metrics(9, 2), metrics(10, 3),
        resumed(11, from_step=2, from_seq=9), metrics(12, 3),
    )  # fmt: skip
    assert seqs_of_course(*events) == [1, 8, 9, 11, 12]


def test_a_run_that_began_anew_has_nothing_of_before() -> None:
    events = (nudged(1, 0), metrics(2, 1), resumed(3, from_step=0), metrics(4, 1))
    assert seqs_of_course(*events) == [3, 4]


def test_a_branch_that_began_again_has_nothing_of_before() -> None:
    """Its checkpoint is the parent's, whose record has the number of the copy."""
    events = (
        resumed(1, from_step=8),
        nudged(2, 8),
        metrics(3, 9),
        resumed(4, from_step=8),
        nudged(5, 8),
        metrics(6, 9),
    )
    assert seqs_of_course(*events) == [4, 5, 6]


@given(
    resumes=st.dictionaries(st.integers(2, 60), st.integers(1, 59), max_size=8),
    length=st.integers(1, 60),
)
def test_an_event_is_void_if_it_lies_between_any_copy_and_its_resume(resumes: dict[int, int], length: int) -> None:
    record = [
        resumed(seq, from_step=1, from_seq=min(resumes[seq], seq - 1)) if seq in resumes else metrics(seq, seq)
        for seq in range(1, length + 1)
    ]
    gaps = [(event.from_seq, event.seq) for event in record if isinstance(event, ev.Resumed)]
    expected = [event.seq for event in record if not any(low < event.seq < high for low, high in gaps)]
    assert seqs_of_course(*record) == expected


def test_events_are_handed_on_as_they_come() -> None:
    """A record of millions of lines is never held in memory."""
    taken = []

    def endless() -> Iterator[ev.Metrics]:
        for seq in range(1, 1_000_000):
            taken.append(seq)
            yield metrics(seq, seq)

    course = continued(endless(), [resumed(3, from_step=1, from_seq=1)])
    assert [next(course).seq, next(course).seq] == [1, 3]
    assert taken == [1, 2, 3]


# ----------------------------------------------------------------------------------------------------- from files


def test_the_course_is_read_from_both_files(tmp_path: Path) -> None:
    run = recorded(
        tmp_path, metrics(1, 1), nudged(2, 1), metrics(3, 2), resumed(4, from_step=1, from_seq=2), metrics(5, 2)
    )
    assert [event.seq for event in read_course(run)] == [1, 2, 4, 5]


def test_a_branchs_beginning_is_its_parents_step(tmp_path: Path) -> None:
    parent = Parent(run="elsewhere", step=8)
    events = (resumed(1, from_step=8), nudged(2, 8), resumed(3, from_step=8), metrics(4, 9))
    assert [event.seq for event in read_course(recorded(tmp_path, *events, parent=parent))] == [3, 4]


def test_resumes_are_found_past_torn_lines_and_words_of_users(tmp_path: Path) -> None:
    run = recorded(tmp_path, note(1, '"resumed"'), resumed(2, from_step=1, from_seq=1), resumed(3, from_step=0))
    lines = run.events.read_bytes()
    run.events.write_bytes(b'{"kind":"resumed","seq":\n' + lines + encode(resumed(4, from_step=0))[:-1])
    assert [event.seq for event in resumes_of(run)] == [2, 3]


def test_checkpoints_on_record_are_those_neither_deleted_nor_set_aside(tmp_path: Path) -> None:
    def saved(seq: int, step: int, *removed: int) -> ev.Checkpointed:
        return ev.Checkpointed(
            seq=seq, step=step, time=0.0, saved_step=step, path="", seconds=0.1, size=1, reason="schedule",
            removed=removed,
        )  # fmt: skip

    events = (saved(1, 4), saved(2, 8), saved(3, 12, 4), resumed(4, from_step=8), saved(5, 10))
    assert checkpoints_on_record(recorded(tmp_path, *events)) == (8, 10)
    assert checkpoints_on_record(make_run(tmp_path, name="new")) == ()


def test_the_step_that_a_run_has_come_to_is_no_void_one(tmp_path: Path) -> None:
    assert recorded_step(make_run(tmp_path, name="new")) == 0
    began = (metrics(1, 20), metrics(2, 100))
    assert recorded_step(recorded(tmp_path / "a", *began)) == 100
    assert recorded_step(recorded(tmp_path / "b", *began, note(3, "", step=103))) == 103
    assert recorded_step(recorded(tmp_path / "c", *began, resumed(3, 0))) == 0
    assert recorded_step(recorded(tmp_path / "d", *began, resumed(3, 60, 2), note(4, "", step=65))) == 65
    assert recorded_step(recorded(tmp_path / "e", *began, resumed(3, 60, 2), metrics(4, 80), note(5, "", step=5))) == 80


def test_a_run_without_a_record_has_an_empty_course(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    assert list(read_course(run)) == []
    outline = outline_of(run)
    assert (outline.first_line, outline.last_line, outline.nudges) == (0, 0, ())


def test_the_outline_has_each_nudge_at_its_step_in_order_and_an_undo_as_a_change(tmp_path: Path) -> None:
    run = recorded(
        tmp_path,
        nudged(1, 0, new=5.0), metrics(2, 3), nudged(3, 3, new=7.0), nudged(4, 3, new=5.0, undoes=3),
        metrics(5, 6), nudged(6, 6), metrics(7, 9), resumed(8, from_step=6, from_seq=5), metrics(9, 9), metrics(10, 12),
    )  # fmt: skip
    outline = outline_of(run)
    assert (outline.first_line, outline.last_line) == (3, 12)
    assert [(nudge.at_step, nudge.values) for nudge in outline.nudges] == [
        (0, {"loss.cycle_a": 5.0}), (3, {"loss.cycle_a": 7.0}), (3, {"loss.cycle_a": 5.0}),
    ]  # fmt: skip
    assert {(nudge.by, nudge.why) for nudge in outline.nudges} == {("me", "a look")}


# -------------------------------------------------------------------------------------------------- a replay's file


def test_nudges_are_read_as_they_were_written(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    nudges = [ev.StagedChange(at_step=step, values={"loss.cycle_a": 0.1 * step}, by="me", why="é") for step in (3, 3)]
    write_nudges(run, nudges)
    assert read_nudges(run) == nudges


@pytest.mark.parametrize("content", [None, b"", b"[{}]", b"\xff", b'[{"at_step":1.5,"values":{},"by":""}]'])
def test_a_replay_whose_nudges_are_gone_or_damaged_is_refused(tmp_path: Path, content: bytes | None) -> None:
    run = make_run(tmp_path)
    if content is not None:
        run.nudges.write_bytes(content)
    with pytest.raises(WorkError, match=r"replay\.json"):
        read_nudges(run)
