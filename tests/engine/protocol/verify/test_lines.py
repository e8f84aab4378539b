"""One file of the record, read line by line while it grows, whatever is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.record import LONGEST_LINE
from engine.protocol.verify.lines import Line, LineReader


def note(seq: int) -> bytes:
    return encode(ev.Note(seq=seq, step=seq, time=0.0, text="x" * seq, by="me")) + b"\n"


def rest_of(reader: LineReader) -> list[Line]:
    """All that can be read now."""
    lines = []
    while reader.read_on():
        while line := reader.take():
            lines.append(line)
    return lines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_each_line_has_its_number_and_its_event(path: Path) -> None:
    path.write_bytes(b"".join(map(note, (1, 2, 3000))))
    with LineReader(path, growing=False) as reader:
        lines = rest_of(reader)
    assert [(line.number, line.seq, line.damage, line.finished) for line in lines] == [
        (1, 1, "", True),
        (2, 2, "", True),
        (3, 3000, "", True),
    ]
    assert isinstance(lines[2].event, ev.Note)
    assert (reader.count, reader.bytes_read) == (3, path.stat().st_size)


@pytest.mark.parametrize(
    ("content", "seq", "reason"),
    [
        (b'{"kind":"note","seq":4,"ste', None, "truncated"),
        (b"", None, "it is empty"),
        (b"\0" * 40, None, "NUL bytes, as a power cut"),
        (b'{"kind":"note","seq":4,"step":1,"time":0.0,"text":"\xff","by":"me"}', 4, "UTF-8"),
        (b'{"kind":"levitated","seq":4,"step":1,"time":0.0}', 4, "levitated"),
        (b'{"kind":"note","seq":4,"step":1,"time":0.0}', 4, "text"),
        (b'{"kind":"note","seq":"4"}', None, "seq"),
        (b'{"kind":"note","seq":4,"text":' + b"[" * 100_000, None, "`str`"),
    ],
    ids=["torn", "empty", "zeros", "not UTF-8", "newer kind", "lacks a field", "number as text", "nested"],
)
def test_a_line_that_is_no_event_says_why_and_its_number_where_it_has_one(
    path: Path, content: bytes, seq: int | None, reason: str
) -> None:
    path.write_bytes(note(1) + content + b"\n" + note(5))
    with LineReader(path, growing=False) as reader:
        before, line, after = rest_of(reader)
    assert (before.seq, after.seq) == (1, 5)
    assert (line.number, line.seq, line.event, line.finished) == (2, seq, None, True)
    assert reason in line.damage


def test_a_line_of_any_length_is_passed_over_without_being_held(path: Path) -> None:
    with path.open("wb") as file:
        file.write(note(1))
        for _ in range(3 * LONGEST_LINE // 1_000_000):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + note(2))
    with LineReader(path, growing=False) as reader:
        before, line, after = rest_of(reader)
    assert (before.seq, after.seq, after.number) == (1, 2, 3)
    assert line.event is None
    assert line.damage == f"it is longer than {LONGEST_LINE >> 20} MiB"


def test_a_line_still_being_written_is_handed_out_once_it_is_whole(path: Path) -> None:
    path.write_bytes(note(1) + note(2)[:9])
    with LineReader(path, growing=True) as reader:
        assert [line.seq for line in rest_of(reader)] == [1]
        with path.open("ab") as file:
            file.write(note(2)[9:] + note(3))
        assert [line.seq for line in rest_of(reader)] == [2, 3]
        assert rest_of(reader) == []


@pytest.mark.parametrize(("end", "seq"), [(note(2)[:9], None), (note(2)[:-1], 2), (b"\0" * 5, None)])
def test_where_nobody_writes_any_more_the_end_of_the_file_ends_the_last_line(
    path: Path, end: bytes, seq: int | None
) -> None:
    path.write_bytes(note(1) + end)
    with LineReader(path, growing=False) as reader:
        whole, last = rest_of(reader)
    assert (whole.seq, whole.finished) == (1, True)
    assert (last.seq, last.finished, bool(last.damage)) == (seq, False, seq is None)


def test_an_overlong_end_is_a_line_too(path: Path) -> None:
    path.write_bytes(note(1) + b"x" * (LONGEST_LINE + 3_000_000))
    with LineReader(path, growing=False) as reader:
        _, last = rest_of(reader)
    assert (last.event, last.finished) == (None, False)


def test_no_file_and_what_is_no_file(path: Path) -> None:
    with LineReader(path, growing=False) as reader:
        assert rest_of(reader) == []
        assert (reader.missing, reader.failure) == (True, "")
    path.mkdir()
    with LineReader(path, growing=False) as reader:
        assert rest_of(reader) == []
        assert (reader.missing, reader.failure) == (False, "Is a directory")
