"""A cut of a record has whole lines, and with any event all that precedes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from engine.protocol.rundir import RunDirectory
from engine.protocol.wire import CHUNK
from engine.remote.cuts import Cut, cut_of, read_chunk


def test_what_follows_the_last_newline_is_no_part_of_it(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    assert cut_of(run) == Cut(metrics=0, events=0)
    run.metrics.write_bytes(b"x" * 200_000)
    assert cut_of(run) == Cut(metrics=0, events=0)
    run.metrics.write_bytes(b"a\n" + b"x" * 200_000)
    run.events.write_bytes(b"a\nbc\n")
    assert cut_of(run) == Cut(metrics=2, events=5)


def test_a_chunk_ends_at_the_cut_and_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(bytes(3 * CHUNK))
    assert len(read_chunk(path, 0, 10 * CHUNK)) == CHUNK
    assert len(read_chunk(path, 5, 9)) == 4
    assert read_chunk(path, 9, 5) == read_chunk(path, 4 * CHUNK, 5 * CHUNK) == b""


@dataclass(frozen=True)
class Busy(RunDirectory):
    """One in which an engine writes an event, and then a line of metrics, whenever the latter's file is looked for."""

    lines: Iterator[int]

    @property
    def metrics(self) -> Path:
        path = self.root / "metrics.jsonl"
        for number in islice(self.lines, 1):
            for file in (self.events, path):
                with file.open("a") as opened:
                    opened.write(f"{number}\n")
        return path


def test_a_cut_that_has_an_event_has_all_that_precede_it_in_the_other_file(tmp_path: Path) -> None:
    run = Busy(tmp_path, iter(range(1, 6)))
    cut = cut_of(run)
    assert cut == Cut(metrics=10, events=10)  # not a line of metrics without the event that was written before it
