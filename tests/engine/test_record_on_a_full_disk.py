"""A record whose disk is full: lines wait in order, none is torn or lost, and all are on file once there is room."""

from __future__ import annotations

from pathlib import Path

import pytest

import engine.record
from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory, create_run, read_identity
from engine.record import Record, Standing
from tests.disks import fill, make_readonly, small_disk


def make(folder: Path) -> RunDirectory:
    return create_run(folder, name="r", method="cyclegan", preset="p", config_toml="", parent=None)


def note(record: Record, number: int, length: int = 100) -> None:
    record.write(ev.Note(**record.stamp(number), text=f"{number} " + "x" * length, by="me"))


def metrics(record: Record, number: int) -> None:
    line = ev.Metrics(
        **record.stamp(number), epoch=1, images=number, losses={"G": 1.0}, lr={}, weights={}, throughput=1.0,
        data_wait=0.0,
    )  # fmt: skip
    record.write(line)


def read(run: RunDirectory) -> list[int]:
    reader = RecordReader(run)
    numbers = [event.seq for event in reader.read()]
    assert reader.damaged == 0
    return numbers


def test_lines_wait_in_order_and_are_written_once_there_is_room(tmp_path: Path) -> None:
    published: list[bytes] = []
    with small_disk(tmp_path / "disk", kilobytes=256) as disk:
        run = make(disk)
        with Record(run, published.append) as record:
            note(record, 1)
            ballast = fill(disk)
            for number in range(2, 400):
                (metrics if number % 3 else note)(record, number)
            assert record.trouble is not None
            assert record.waiting > 0
            on_file = read(run)
            assert on_file == list(range(1, len(on_file) + 1)), "what is on file has neither a gap nor a torn line"
            assert len(on_file) == 399 - record.waiting
            with pytest.raises(OSError, match="No space left"):
                record.sync()
            ballast.unlink()
            note(record, 400)
            assert (record.waiting, record.trouble) == (0, None)
            record.sync()
        assert read(run) == list(range(1, 401))
        assert len(published) == 400, "who listens is told at once"


def test_what_waits_at_the_end_is_written_if_there_is_room_by_then(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=64) as disk:
        run = make(disk)
        record = Record(run)
        ballast = fill(disk)
        note(record, 1, length=10_000)
        ballast.unlink()
        record.close()
        assert read(run) == [1]


def test_a_disk_that_takes_nothing_at_all_is_like_a_full_one(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=256) as disk:
        run = make(disk)
        with pytest.raises(WorkError, match="cannot be written"):
            _open_readonly(run, disk)
        make_readonly(disk, readonly=False)
        with Record(run) as record:
            note(record, 1)
        assert read(run) == [1]


def _open_readonly(run: RunDirectory, disk: Path) -> None:
    make_readonly(disk)
    Record(run)


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.record, "BACKLOG_LIMIT", 50)  # a constant; at its size the test would take a minute
    with small_disk(tmp_path / "disk", kilobytes=64) as disk:
        run = make(disk)
        record = Record(run)
        fill(disk)
        with pytest.raises(WorkError, match="has not taken a line for 51 of them"):
            for number in range(1, 1000):
                note(record, number, length=5000)


def test_run_json_is_written_as_soon_as_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=64) as disk:
        run = make(disk)
        standing = Standing(run)
        ballast = fill(disk)
        standing.enter("training")
        assert standing.identity.state == "training"
        assert read_identity(run).state == "starting", "the old content stands"
        assert not list(run.root.glob(".run.json*")), "nothing is left of the attempt"
        ballast.unlink()
        standing.flush()
        assert read_identity(run).state == "training"
