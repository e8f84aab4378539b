"""Writing a record: numbers without gaps over two files and over restarts; run.json kept beside it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.protocol import events as ev
from engine.protocol.codec import decode_event
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory, create_run, read_identity
from engine.record import Record, Standing


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return create_run(tmp_path, name="r", method="cyclegan", preset="p", config_toml="", parent=None)


def write(record: Record, step: int, *, metrics: bool) -> ev.Event:
    event: ev.Event
    if metrics:
        event = ev.Metrics(
            **record.stamp(step), epoch=1, images=step, losses={"G": None}, lr={}, weights={}, throughput=1.0,
            data_wait=0.0,
        )  # fmt: skip
    else:
        event = ev.Note(**record.stamp(step), text="x", by="me")
    record.write(event)
    return event


def test_numbers_are_dense_over_both_files_and_over_restarts(run: RunDirectory) -> None:
    written = []
    for restart in range(3):
        with Record(run) as record:
            assert record.last_seq == restart * 20
            written += [write(record, step, metrics=step % 3 == 0) for step in range(20)]
    assert list(RecordReader(run).read()) == written
    assert [event.seq for event in written] == list(range(1, 61))
    assert len(run.metrics.read_bytes().splitlines()) == 21
    assert all(isinstance(decode_event(line), ev.Metrics) for line in run.metrics.read_bytes().splitlines())


@pytest.mark.parametrize("metrics_last", [True, False])
def test_the_newest_number_is_found_in_whichever_file_it_is(run: RunDirectory, metrics_last: bool) -> None:
    with Record(run) as record:
        write(record, 1, metrics=not metrics_last)
        write(record, 2, metrics=metrics_last)
    with Record(run) as record:
        assert record.last_seq == 2


def test_a_line_is_on_file_before_it_is_published(run: RunDirectory) -> None:
    on_file: list[bool] = []

    def publish(line: bytes) -> None:
        on_file.append(line + b"\n" in run.events.read_bytes())

    with Record(run, publish) as record:
        write(record, 1, metrics=False)
        write(record, 2, metrics=False)
    assert on_file == [True, True]


def test_numbers_are_not_skipped(run: RunDirectory) -> None:
    with Record(run) as record, pytest.raises(AssertionError):
        record.write(ev.Note(seq=2, step=0, time=0.0, text="x", by="me"))
    assert run.events.read_bytes() == b""


def test_standing_keeps_run_json_up_to_date(run: RunDirectory) -> None:
    standing = Standing(run)
    before = standing.identity
    standing.update(pid=7, device="cpu fp32")
    standing.enter("training")
    identity = read_identity(run)
    assert identity == standing.identity
    assert (identity.pid, identity.device, identity.state) == (7, "cpu fp32", "training")
    assert identity.state_since >= before.state_since
    expected = msgspec.structs.replace(before, pid=7, device="cpu fp32", state="training", state_since=0.0)
    assert msgspec.structs.replace(identity, state_since=0.0) == expected


def test_entering_the_same_state_again_writes_nothing(run: RunDirectory) -> None:
    standing = Standing(run)
    standing.enter("paused")
    stamp = run.identity.stat().st_ino, standing.identity.state_since
    standing.enter("paused")
    assert (run.identity.stat().st_ino, standing.identity.state_since) == stamp
