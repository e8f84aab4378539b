"""A record that is skimmed first ends up as one that was read in order: the same curves, the same view."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.protocol import events as ev
from engine.protocol.lineage import ancestry
from engine.protocol.record import RecordReader, is_long
from engine.protocol.rundir import Parent, RunDirectory, read_identity
from engine.record import Standing
from gan_tui.client.follow import Follower
from gan_tui.client.reading import FullReading, read_past
from gan_tui.state.absorb import absorb
from gan_tui.state.history import History
from gan_tui.state.run_view import RunView, with_past
from gan_tui.state.series import SeriesKey
from tests.gan_tui.client.test_stream import at_work
from tests.gan_tui.long_records import long_course, shown_by, wide_line, write_record
from tests.runs import make_run
from tests.until import until


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A finished run with a long record; only to be read."""
    run = make_run(tmp_path_factory.mktemp("runs"), name="long")
    write_record(run, long_course())
    Standing(run).enter("finished")
    assert is_long(run)
    return run


def read_in_order(run: RunDirectory, view: RunView) -> tuple[RunView, History]:
    """A run with its ancestors, read from the first line to the last."""
    history = History()
    for past in read_past(ancestry(run), history, sparse=False):
        view = with_past(replace(view, markers=(), sheets=(), nudges=()), past)
    return absorb(view, history, RecordReader(run).read()), history


@contextmanager
def following(run: RunDirectory) -> Iterator[Follower]:
    follower = Follower(run)
    try:
        yield follower
    finally:
        follower.close()


def test_a_skimmed_record_ends_as_one_that_was_read_in_order(long_run: RunDirectory) -> None:
    with following(long_run) as follower:
        empty = follower.snapshot()
        coarse: list[bool] = []
        follower.start(lambda: coarse.append(follower.history.coarse))
        until(lambda: coarse and not coarse[-1], "the whole record")
        view = follower.snapshot()
        plain, history = read_in_order(long_run, replace(empty, link=view.link))
        assert view == plain
        assert shown_by(follower.history) == shown_by(history)
    assert any(coarse), "it was on the screen before"


def test_samples_show_the_whole_curve_with_its_newest_lines(long_run: RunDirectory) -> None:
    view, history = read_in_order(long_run, RunView(name="r"))
    skimmed = History()
    reader = RecordReader(long_run, sparse=True)
    sampled = absorb(RunView(name="r"), skimmed, reader.read())
    assert reader.damaged == 0, "lines are taken whole"
    assert sampled == view, "but for the curves, samples are all it takes"
    assert skimmed.extent() == history.extent()
    key = SeriesKey("loss", "loss_0")
    first, last = history.extent() or (0.0, 0.0)
    whole = history.decimate([key], first, last, 50)[key]
    samples = skimmed.decimate([key], first, last, 50)[key]
    assert sum(span.finite for span in samples) < sum(span.finite for span in whole) / 1.5
    for one, other in zip(whole, samples, strict=True):
        assert other.finite
        assert one.low <= other.low
        assert other.high <= one.high
    newest = history.decimate([key], last - 20, last, 20)[key]
    assert skimmed.decimate([key], last - 20, last, 20)[key] == newest


def test_the_full_reading_goes_as_far_as_the_follower_and_no_further(long_run: RunDirectory) -> None:
    plain, _ = read_in_order(long_run, RunView(name="r"))
    seen = plain.last_seq - 700
    reading = FullReading(long_run, ())
    while not reading.advance(seen):
        assert not reading.stalled
    expected = History()
    absorb(RunView(name="r"), expected, (event for event in RecordReader(long_run).read() if event.seq <= seen))
    assert shown_by(reading.history) == shown_by(expected)
    while not reading.advance(seen + 300):
        assert not reading.stalled
    expected = History()
    absorb(RunView(name="r"), expected, (event for event in RecordReader(long_run).read() if event.seq <= seen + 300))
    assert shown_by(reading.history) == shown_by(expected)


def test_events_that_are_not_on_file_yet_are_waited_for(long_run: RunDirectory) -> None:
    last = read_in_order(long_run, RunView(name="r"))[0].last_seq
    reading = FullReading(long_run, ())
    while not reading.stalled:
        assert not reading.advance(last + 1)
    assert not reading.advance(last + 1)


def test_while_an_engine_writes_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    run = make_run(tmp_path, name="r")
    last = write_record(run, long_course())
    with at_work(run) as writer:
        record = writer.record
        assert record.last_seq == last
        step = max(event.step for event in RecordReader(run, sparse=True).read())
        stop = threading.Event()

        def write() -> None:
            at = step
            while not stop.is_set():
                for _ in range(40):
                    at += 1
                    record.write(wide_line(record.last_seq + 1, at))
                writer.note()
                at -= 15
                record.write(ev.Resumed(**record.stamp(at), from_step=at, checkpoint="c"))
                stop.wait(0.001)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            with following(run) as follower:
                empty = follower.snapshot()
                follower.start(lambda: None)
                until(lambda: follower.history.coarse, "the samples")
                until(lambda: not follower.history.coarse, "the whole record")
                written = record.last_seq
                assert written > last
                until(lambda: follower.snapshot().last_seq > written, "what came after it")
                stop.set()
                thread.join()
                until(lambda: follower.snapshot().last_seq == record.last_seq, "the newest event")
                view = follower.snapshot()
                plain, history = read_in_order(run, replace(empty, link=view.link))
                assert view == plain
                assert shown_by(follower.history) == shown_by(history)
        finally:
            stop.set()
            thread.join()


def test_a_long_parent_is_skimmed_and_then_read_too(long_run: RunDirectory) -> None:
    until_seq = 4000
    events = [event for event in RecordReader(long_run).read() if event.seq <= until_seq]
    step = events[-1].step
    parent = Parent(run=str(long_run.root), id=read_identity(long_run).id, step=step, seq=until_seq)
    branch = make_run(long_run.root.parent, name="branch", parent=parent)
    resumed = ev.Resumed(seq=1, step=step, time=0.0, from_step=step, checkpoint="c")
    write_record(branch, iter([resumed, *(wide_line(seq, step + seq) for seq in range(2, 300))]))
    Standing(branch).enter("finished")
    with following(branch) as follower:
        empty = follower.snapshot()
        coarse: list[bool] = []
        follower.start(lambda: coarse.append(follower.history.coarse))
        until(lambda: coarse and not coarse[-1], "both records")
        view = follower.snapshot()
        plain, history = read_in_order(branch, replace(empty, link=view.link))
        assert view == plain
        assert shown_by(follower.history) == shown_by(history)
        assert history.extent() == (1, step + 299)
    assert any(coarse)
