"""Reading a record: one sequence from two files, past what is damaged, while an engine writes."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.record import (
    LONG,
    LONGEST_LINE,
    RecordReader,
    is_long,
    journaled,
    last_event,
    last_metrics,
    newest_journaled,
)
from engine.protocol.rundir import RunDirectory
from engine.record import Record


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def metrics(seq: int) -> ev.Metrics:
    return ev.Metrics(
        seq=seq, step=seq, time=0.0, epoch=1, images=1, losses={}, lr={}, weights={}, throughput=1.0, data_wait=0.0
    )


def note(seq: int, text: str = "x") -> ev.Note:
    return ev.Note(seq=seq, step=seq, time=0.0, text=text, by="me")


def resumed(seq: int) -> ev.Resumed:
    return ev.Resumed(seq=seq, step=seq, time=0.0, from_step=seq, checkpoint="c")


def append(path: Path, *events: ev.Event) -> None:
    with path.open("ab") as file:
        file.write(b"".join(encode(event) + b"\n" for event in events))


def seqs(reader: RecordReader) -> list[int]:
    return [event.seq for event in reader.read()]


def test_a_record_that_does_not_exist_yet_is_empty(run: RunDirectory) -> None:
    reader = RecordReader(run)
    assert seqs(reader) == []
    assert last_event(run.events) is None
    assert last_metrics(run) is None
    append(run.events, note(1))
    assert seqs(reader) == [1]


def test_two_files_are_one_sequence_and_nothing_is_read_twice(run: RunDirectory) -> None:
    append(run.events, note(1), note(4), note(5))
    append(run.metrics, metrics(2), metrics(3), metrics(6))
    reader = RecordReader(run)
    assert seqs(reader) == [1, 2, 3, 4, 5, 6]
    assert seqs(reader) == []
    append(run.metrics, metrics(7))
    append(run.events, note(8))
    assert seqs(reader) == [7, 8]
    assert reader.damaged == 0


def test_a_torn_last_line_waits_for_its_end(run: RunDirectory) -> None:
    line = encode(note(2)) + b"\n"
    append(run.events, note(1))
    reader = RecordReader(run)
    for part in (line[:10], line[10:-1]):
        with run.events.open("ab") as file:
            file.write(part)
        assert seqs(reader) == ([1] if part == line[:10] else [])
    with run.events.open("ab") as file:
        file.write(b"\n")
    assert seqs(reader) == [2]
    assert reader.damaged == 0


def test_what_a_crash_tore_stays_a_line_of_its_own(run: RunDirectory) -> None:
    with Record(run) as record:
        record.write(note(1))
        record.write(metrics(2))
    for path in (run.metrics, run.events):
        with path.open("ab") as file:
            file.write(encode(note(3))[:25])
    following, newcomer = RecordReader(run), RecordReader(run)
    assert seqs(following) == [1, 2]
    torn = run.events.read_bytes()
    with Record(run) as record:
        assert record.last_seq == 2
        record.write(note(3, "after"))
        record.write(metrics(4))
    assert run.events.read_bytes() == torn + b"\n" + encode(note(3, "after")) + b"\n"
    assert seqs(following) == [3, 4]
    assert seqs(newcomer) == [1, 2, 3, 4]
    assert following.damaged == newcomer.damaged == 2


@pytest.mark.parametrize(
    "garbage", [b"", b"garbage", b"\xff\xfe", b"\x00" * 5000, b'{"seq":2}', b"[" * 100_000, b'{"kind":"tick"}']
)
def test_a_damaged_line_is_counted_and_passed_over(run: RunDirectory, garbage: bytes) -> None:
    append(run.metrics, metrics(1))
    with run.metrics.open("ab") as file:
        file.write(garbage + b"\n")
    append(run.metrics, metrics(3))
    reader = RecordReader(run)
    assert seqs(reader) == [1, 3]
    assert reader.damaged == 1


def test_a_number_that_is_too_high_is_passed_over_and_hides_nothing(run: RunDirectory) -> None:
    append(run.metrics, metrics(2), metrics(92_345), metrics(5), metrics(7))
    append(run.events, note(1), note(4), note(6), note(8))
    reader = RecordReader(run)
    assert seqs(reader) == [1, 2, 4, 5, 6, 7, 8]
    assert reader.damaged == 1


def test_so_is_one_before_which_everything_was_read(run: RunDirectory) -> None:
    append(run.metrics, metrics(1), metrics(2))
    reader = RecordReader(run)
    assert seqs(reader) == [1, 2]
    append(run.metrics, metrics(92_345), metrics(3), metrics(4))
    assert seqs(reader) == [3, 4]
    assert reader.damaged == 1


def test_lines_out_of_date_do_not_make_the_one_before_them_too_high(run: RunDirectory) -> None:
    append(run.metrics, *(metrics(seq) for seq in range(1, 14)))
    reader = RecordReader(run)
    assert seqs(reader)[-1] == 13
    append(run.metrics, metrics(14), metrics(11), metrics(12), metrics(15))
    assert 14 in seqs(reader)
    assert reader.damaged == 0


@pytest.mark.parametrize("number", [0, -1])
def test_a_number_below_1_is_damage(run: RunDirectory, number: int) -> None:
    append(run.events, note(number), note(2))
    reader = RecordReader(run)
    assert seqs(reader) == [2]
    assert reader.damaged == 1
    append(run.metrics, metrics(number))
    assert last_event(run.metrics) is None


def test_lines_that_repeat_earlier_ones_do_not_make_the_last_of_those_too_high(run: RunDirectory) -> None:
    append(run.metrics, metrics(2), metrics(5), metrics(7), metrics(2), metrics(5), metrics(7))
    assert seqs(RecordReader(run))[:3] == [2, 5, 7]


def test_the_newest_event_is_found_without_reading_the_file(run: RunDirectory) -> None:
    append(run.metrics, *(metrics(seq) for seq in range(1, 3000)))
    newest = last_metrics(run)
    assert newest is not None
    assert newest.seq == 2999
    with run.metrics.open("ab") as file:
        file.write(b"torn\xff\n" + encode(metrics(3000))[:30])
    assert last_metrics(run) == newest


@pytest.mark.parametrize("behind", [b"\0" * 300_000, b"\0" * 200_000 + b"\n" + b"x" * 90_000, b"\n" * 100_000])
def test_the_newest_event_is_found_before_a_tail_of_any_length_that_holds_none(
    run: RunDirectory, behind: bytes
) -> None:
    """As a power cut may leave it: else numbers would be given again."""
    append(run.events, note(1), note(2, "long" * 30_000), note(3))
    with run.events.open("ab") as file:
        file.write(behind)
    newest = last_event(run.events)
    assert newest is not None
    assert newest.seq == 3
    with Record(run) as record:
        assert record.last_seq == 3
        record.write(note(4))
    assert seqs(RecordReader(run)) == [1, 2, 3, 4]


def test_a_file_of_damage_alone_has_no_newest_event(run: RunDirectory) -> None:
    run.events.write_bytes(b"{}\n" * 50_000)
    assert last_event(run.events) is None


@given(
    kinds=st.lists(st.booleans(), max_size=12),
    length=st.integers(1, 200_000),
    torn=st.binary(max_size=80).filter(lambda tail: b"\n" not in tail),
)
def test_events_of_a_kind_are_found_wherever_they_lie(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[bool], length: int, torn: bytes
) -> None:
    """In a line at the border of what is read at once, too; notes that name the kind are none of it."""
    run = RunDirectory(tmp_path_factory.mktemp("run"))
    resumes = [resumed(seq) for seq, wanted in enumerate(kinds, start=1) if wanted]
    append(run.events, *(resumed(seq) if wanted else note(seq, "x" * length) for seq, wanted in enumerate(kinds, 1)))
    append(run.events, replace(note(len(kinds) + 1), by="resumed"))
    with run.events.open("ab") as file:
        file.write(torn)
    assert list(journaled(run, ev.Resumed)) == resumes
    assert newest_journaled(run, ev.Resumed) == (resumes[-1] if resumes else None)


@pytest.mark.parametrize(
    "read", [lambda run: list(journaled(run, ev.Resumed)), lambda run: newest_journaled(run, ev.Resumed)]
)
def test_a_journal_without_newlines_costs_no_memory(run: RunDirectory, read: Callable[[RunDirectory], object]) -> None:
    append(run.events, resumed(1))
    with run.events.open("ab") as file:
        file.truncate(24 * LONGEST_LINE)
    tracemalloc.start()
    found = read(run)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found in ([resumed(1)], resumed(1))
    assert most < 6 * LONGEST_LINE


def test_the_newest_of_a_kind_is_found_across_a_border_of_what_is_read_at_once(run: RunDirectory) -> None:
    line, other = encode(resumed(1)) + b"\n", encode(note(2)) + b"\n"
    behind = (1 << 16) - len(line)
    for shift in range(len(line)):
        filler = other * ((behind + shift) // len(other))
        run.events.write_bytes(other * 9 + line + filler + b"\n" * (behind + shift - len(filler)))
        assert newest_journaled(run, ev.Resumed) == resumed(1), shift


def test_a_journal_that_does_not_exist_has_no_event_of_a_kind(run: RunDirectory) -> None:
    assert list(journaled(run, ev.Resumed)) == []
    assert newest_journaled(run, ev.Resumed) is None


def test_a_line_longer_than_what_is_read_at_once_is_read_whole(run: RunDirectory) -> None:
    append(run.events, note(1), note(2, "y" * 3_000_000), note(3))
    assert seqs(RecordReader(run)) == [1, 2, 3]


def test_a_beginning_of_a_line_that_is_taken_back_is_forgotten(run: RunDirectory) -> None:
    """As on a full disk, where an engine cannot write a line whole and writes another one there later."""
    append(run.events, note(1))
    whole = run.events.read_bytes()
    reader = RecordReader(run)
    run.events.write_bytes(whole + encode(note(2, "first"))[:40])
    assert seqs(reader) == [1]
    run.events.write_bytes(whole)
    append(run.events, note(2, "second"))
    assert [event.text for event in reader.read() if isinstance(event, ev.Note)] == ["second"]
    assert reader.damaged == 0


@given(
    kinds=st.lists(st.booleans(), min_size=1, max_size=40),
    reads=st.lists(st.integers(0, 40), max_size=5),
    data=st.data(),
)
def test_whenever_it_is_read_every_event_comes_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[bool], reads: list[int], data: st.DataObject
) -> None:
    """Bytes reach the files in the order of the events; the reader looks at any byte in between."""
    run = RunDirectory(tmp_path_factory.mktemp("record"))
    reader, found = RecordReader(run), []
    for seq, is_metrics in enumerate(kinds, start=1):
        event = metrics(seq) if is_metrics else note(seq)
        line = encode(event) + b"\n"
        cut = data.draw(st.integers(0, len(line))) if seq in reads else 0
        for part in (line[:cut], line[cut:]):
            with (run.metrics if is_metrics else run.events).open("ab") as file:
                file.write(part)
            if seq in reads:
                found += seqs(reader)
    found += seqs(reader)
    assert found == list(range(1, len(kinds) + 1))
    assert reader.damaged == 0


def test_while_an_engine_writes_every_event_comes_once_and_in_order(run: RunDirectory) -> None:
    last = 20_000
    with Record(run) as record:

        def write() -> None:
            for seq in range(1, last + 1):
                record.write(metrics(seq) if seq % 7 % 3 else note(seq, "y" * (seq % 500)))

        writer = threading.Thread(target=write)
        writer.start()
        reader, found = RecordReader(run), []
        while writer.is_alive():
            found += seqs(reader)
        writer.join()
        found += seqs(reader)
    assert found == list(range(1, last + 1))
    assert reader.damaged == 0


# --------------------------------------------------------------------------------------------- long records


@pytest.fixture
def long_run(run: RunDirectory) -> RunDirectory:
    """Wide lines of metrics, a note after every hundredth, and a damaged line in their midst."""
    losses = {f"loss_{number}": 0.123456789 for number in range(400)}
    seq = 0
    with run.metrics.open("wb") as lines, run.events.open("wb") as journal:
        while lines.tell() <= LONG:
            seq += 1
            if seq % 101:
                lines.write(encode(replace(metrics(seq), losses=losses)) + b"\n")
            else:
                journal.write(encode(note(seq)) + b"\n")
            if seq == 1500:
                lines.write(b"\xff" * 300_000 + b"\n")
    return run


def test_a_short_record_is_read_whole_however_it_is_asked_for(run: RunDirectory) -> None:
    append(run.metrics, *(metrics(seq) for seq in range(1, 3000)))
    assert not is_long(run)
    assert seqs(RecordReader(run, sparse=True)) == list(range(1, 3000))


def test_a_sparse_reading_has_the_journal_the_newest_lines_and_some_of_every_part(long_run: RunDirectory) -> None:
    assert is_long(long_run)
    whole = list(RecordReader(long_run).read())
    sparse = list(RecordReader(long_run, sparse=True).read())
    found = [event.seq for event in sparse]
    assert found == sorted(found)
    assert len(found) == len(set(found))
    assert [event for event in sparse if isinstance(event, ev.Note)] == [
        event for event in whole if isinstance(event, ev.Note)
    ]
    assert set(found) < {event.seq for event in whole}
    assert len(found) < len(whole)
    assert sparse[-12:] == whole[-12:]
    assert sparse[0] == whole[0]
    parts = len(whole) // 50
    for part in range(50):
        assert any(isinstance(event, ev.Metrics) for event in sparse if part * parts < event.seq <= (part + 1) * parts)


def test_after_a_sparse_reading_everything_that_comes_is_read(long_run: RunDirectory) -> None:
    reader = RecordReader(long_run, sparse=True)
    last = seqs(reader)[-1]
    assert seqs(reader) == []
    line = encode(metrics(last + 1)) + b"\n"
    with long_run.metrics.open("ab") as file:
        file.write(line[:20])
    assert seqs(reader) == []
    with long_run.metrics.open("ab") as file:
        file.write(line[20:])
    append(long_run.events, note(last + 2))
    append(long_run.metrics, *(metrics(seq) for seq in range(last + 3, last + 3000)))
    assert seqs(reader) == list(range(last + 1, last + 3000))


def test_a_sparse_reading_ends_before_a_line_that_is_still_being_written(long_run: RunDirectory) -> None:
    last = seqs(RecordReader(long_run))[-1]
    with long_run.metrics.open("ab") as file:
        file.write(encode(metrics(last + 1)))
    reader = RecordReader(long_run, sparse=True)
    assert seqs(reader)[-1] == last
    with long_run.metrics.open("ab") as file:
        file.write(b"\n")
    assert seqs(reader) == [last + 1]
