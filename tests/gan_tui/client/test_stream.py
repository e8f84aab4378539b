"""Record and stream are one sequence, whenever the follower comes, however fast the engine writes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from engine.link import Link
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.rundir import RunDirectory, create_run
from engine.protocol.runtime import new_endpoints
from engine.record import Record, Standing
from gan_tui.client.stream import BATCH, EventStream
from tests.gan_tui.client.locked import locked
from tests.until import until

REPORT = cmd.Report(
    run="r", state="training", phase="", step=0, total_steps=0, epoch=0, epochs=0, throughput=0.0, controls={},
    staged=(), lr={}, losses={}, last_seq=0,
)  # fmt: skip


class Writer:
    """What an engine does for its followers, without training: record, publish, answer."""

    def __init__(self, run: RunDirectory, link: Link) -> None:
        self.link = link
        self.record = Record(run, publish=link.publish)

    def note(self, number: int = 1) -> None:
        for _ in range(number):
            self.record.write(ev.Note(**self.record.stamp(0), text="x", by="me"))

    def metrics(self) -> None:
        self.record.write(
            ev.Metrics(
                **self.record.stamp(0), epoch=1, images=1, losses={}, lr={}, weights={}, throughput=1.0, data_wait=0.0
            )
        )

    def unpublished(self) -> None:
        """An event that is lost on its way."""
        self.record.publish, kept = (lambda line: None), self.record.publish
        self.note()
        self.record.publish = kept

    def tick(self) -> None:
        self.link.publish(
            encode(ev.Tick(step=1, epoch=1, throughput=1.0, state="training", time=0.0, last_seq=self.record.last_seq))
        )


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return create_run(tmp_path, name="r", method="cyclegan", preset="p", config_toml="", parent=None)


@contextmanager
def at_work(run: RunDirectory) -> Iterator[Writer]:
    """An engine's outside: its lock, its word in run.json, its sockets and its pen."""
    standing = Standing(run)
    endpoints = new_endpoints()
    link = Link(endpoints, REPORT)
    with locked(run):
        link.open()
        standing.update(state="training", pid=1, endpoints=endpoints)
        writer = Writer(run, link)
        try:
            yield writer
        finally:
            link.close()
            writer.record.close()


def follow(stream: EventStream, last_seq: int) -> list[int]:
    """The numbers of everything heard until an event is reached."""
    heard = [event.seq for batch in stream.recorded() for event in batch]

    def reached() -> bool:
        heard.extend(message.seq for message in stream.wait(0.2) if not isinstance(message, ev.Tick))
        return bool(heard) and heard[-1] >= last_seq

    until(reached, f"event {last_seq}")
    return heard


def test_an_ended_runs_record_is_read_in_batches(run: RunDirectory) -> None:
    with at_work(run) as writer:
        writer.note(12_000)
    Standing(run).enter("finished")
    with EventStream(run) as stream:
        assert stream.engine == "ended"
        batches = [[event.seq for event in batch] for batch in stream.recorded()]
        assert len(batches) > 1
        assert [seq for batch in batches for seq in batch] == list(range(1, 12_001))
        assert list(stream.recorded()) == []


@pytest.mark.parametrize("before", [0, 1, 500, 3000])
def test_joining_a_fast_writer_late_leaves_no_gap_and_no_duplicate(run: RunDirectory, before: int) -> None:
    last = 6000
    with at_work(run) as writer:

        def write() -> None:
            for number in range(last - before):
                writer.metrics() if number % 3 else writer.note()

        writer.note(before)
        thread = threading.Thread(target=write)
        thread.start()
        with EventStream(run) as stream:
            assert stream.engine == "live"
            heard = follow(stream, last)
        thread.join()
    assert heard == list(range(1, last + 1))


def test_what_was_dropped_is_fetched_when_the_next_event_shows_the_gap(run: RunDirectory) -> None:
    with at_work(run) as writer, EventStream(run) as stream:
        writer.note()
        assert follow(stream, 1) == [1]
        writer.unpublished()
        writer.unpublished()
        writer.note()
        assert follow(stream, 4) == [2, 3, 4]


def test_what_was_dropped_last_is_fetched_when_a_tick_shows_it(run: RunDirectory) -> None:
    with at_work(run) as writer, EventStream(run) as stream:
        writer.note()
        follow(stream, 1)
        writer.unpublished()
        heard: list[ev.Event | ev.Tick] = []

        def ticked() -> bool:
            writer.tick()
            heard.extend(stream.wait(0.05))
            return any(isinstance(message, ev.Tick) for message in heard)

        until(ticked, "a tick")
        assert isinstance(heard[0], ev.Note)
        assert heard[0].seq == 2


def test_what_comes_again_is_heard_once(run: RunDirectory) -> None:
    with at_work(run) as writer, EventStream(run) as stream:
        writer.note()
        follow(stream, 1)
        lines: list[bytes] = []
        writer.record.publish = lambda line: [lines.append(line), *map(writer.link.publish, lines)]  # type: ignore[assignment, func-returns-value]
        writer.note(50)
        assert follow(stream, 51) == list(range(2, 52))
        assert [message.seq for message in stream.wait(0.2) if not isinstance(message, ev.Tick)] == []


def test_two_of_three_that_are_dropped_are_fetched(run: RunDirectory) -> None:
    with at_work(run) as writer, EventStream(run) as stream:
        for number in range(1, 301):
            writer.note() if number % 3 == 0 else writer.unpublished()
        assert follow(stream, 300) == list(range(1, 301))


def test_a_follower_that_reads_nothing_for_a_while_has_it_all_in_the_end(run: RunDirectory) -> None:
    """Far more than the high-water marks of both ends together."""
    last = 12_000
    with at_work(run) as writer, EventStream(run) as stream:
        writer.note()
        follow(stream, 1)
        writer.note(last - 1)
        assert follow(stream, last) == list(range(2, last + 1))


def test_what_was_missed_for_hours_comes_in_portions(run: RunDirectory) -> None:
    last = 5 * BATCH
    with at_work(run) as writer, EventStream(run) as stream:
        writer.note()
        follow(stream, 1)
        for _ in range(2, last):
            writer.unpublished()
        writer.note()
        portions: list[list[int]] = []

        def reached() -> bool:
            portions.append([message.seq for message in stream.wait(0.2) if not isinstance(message, ev.Tick)])
            return stream.last_seq == last

        until(reached, "the newest event")
        assert [seq for portion in portions for seq in portion] == list(range(2, last + 1))
        assert max(map(len, portions)) <= BATCH


def test_a_tick_waits_until_the_events_before_it_have_come(run: RunDirectory) -> None:
    with at_work(run) as writer, EventStream(run) as stream:
        writer.note()
        follow(stream, 1)
        for _ in range(3 * BATCH):
            writer.unpublished()
        heard: list[ev.Event | ev.Tick] = []

        def ticked() -> bool:
            writer.tick()
            heard.extend(stream.wait(0.05))
            return any(isinstance(message, ev.Tick) for message in heard)

        until(ticked, "a tick")
        first = next(place for place, message in enumerate(heard) if isinstance(message, ev.Tick))
        assert first == 3 * BATCH


def test_a_follower_that_came_first_sees_the_engine_come_and_go(run: RunDirectory) -> None:
    with EventStream(run) as stream:
        assert stream.engine == "starting"
        assert not stream.send("1", "me", cmd.Pause())
        with at_work(run) as writer:
            writer.note(3)
            assert follow(stream, 3) == [1, 2, 3]
            until(lambda: stream.wait(0.1) or stream.engine == "live", "the engine")
        until(lambda: stream.wait(0.1) or stream.engine == "lost", "its end, without a word")
        assert not stream.send("2", "me", cmd.Pause())
        with at_work(run) as writer:
            writer.note(2)
            assert follow(stream, 5) == [4, 5]
        Standing(run).enter("stopped")
        until(lambda: stream.wait(0.1) or stream.engine == "ended", "its end")


# ------------------------------------------------------------------------------------------------------ full disks


class FullDisk:
    """What an engine does whose disk is full: it streams its events, and they are not on file when it is killed."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._next = writer.record.last_seq + 1

    def note(self, number: int = 1) -> None:
        for _ in range(number):
            note = ev.Note(seq=self._next, step=0, time=1.0, text="not on file", by="me")
            self._writer.link.publish(encode(note))
            self._next += 1


def texts(messages: Iterable[ev.Event | ev.Tick]) -> list[tuple[int, str]]:
    return [(message.seq, message.text) for message in messages if isinstance(message, ev.Note)]


def listen(stream: EventStream, writer: Writer) -> None:
    """Return when the stream misses nothing any more of what is published."""

    def ticked() -> bool:
        writer.tick()
        return any(isinstance(message, ev.Tick) for message in stream.wait(0.05))

    until(ticked, "a tick")


def hear(stream: EventStream, last_seq: int) -> list[tuple[int, str]]:
    """The notes heard until one with a number comes."""
    heard: list[tuple[int, str]] = []

    def reached() -> bool:
        heard.extend(texts(stream.wait(0.2)))
        return bool(heard) and heard[-1][0] >= last_seq

    until(reached, f"event {last_seq}")
    return heard


def test_what_the_next_engine_records_takes_the_place_of_what_never_came_on_file(run: RunDirectory) -> None:
    with EventStream(run) as stream:
        with at_work(run) as writer:
            writer.note(5)
            listen(stream, writer)
            FullDisk(writer).note(15)
            assert [text for _, text in hear(stream, 20)] == ["not on file"] * 15
        assert stream.retractions == 0
        with at_work(run) as writer:
            writer.note(5)
            assert hear(stream, 10) == [(seq, "x") for seq in range(6, 11)]
            assert (stream.last_seq, stream.retractions > 0) == (10, True)
            writer.note()
            assert hear(stream, 11) == [(11, "x")]


def test_also_where_the_next_engine_has_come_further_before_it_is_seen(run: RunDirectory) -> None:
    with EventStream(run) as stream:
        with at_work(run) as writer:
            writer.note()
            listen(stream, writer)
            FullDisk(writer).note(4)
            hear(stream, 5)
        with at_work(run) as writer:
            writer.note(30)
            assert hear(stream, 31) == [(seq, "x") for seq in range(2, 32)]
            assert stream.retractions == 1


def test_a_next_engine_whose_first_lines_come_on_file_late_is_heard_from_where_the_file_ends(run: RunDirectory) -> None:
    """Its address is known, and its disk takes nothing either."""
    with EventStream(run) as stream:
        with at_work(run) as writer:
            writer.note()
            listen(stream, writer)
            FullDisk(writer).note(4)
            hear(stream, 5)
        with at_work(run) as writer:
            until(lambda: stream.wait(0.1) or stream.last_seq == 1, "its address")
            assert stream.retractions == 1
            writer.note()
            assert hear(stream, 2) == [(2, "x")]


def test_lines_that_come_on_file_in_the_end_are_not_retracted(run: RunDirectory) -> None:
    with at_work(run) as writer, EventStream(run) as stream:
        writer.note()
        listen(stream, writer)
        waiting = [ev.Note(seq=seq, step=0, time=1.0, text="late", by="me") for seq in range(2, 6)]
        for note in waiting:
            writer.link.publish(encode(note))
        assert hear(stream, 5) == [(seq, "late") for seq in range(2, 6)]
        with run.events.open("ab") as file:
            file.write(b"".join(encode(note) + b"\n" for note in waiting))
        writer.record.last_seq = 5
        writer.note()
        assert hear(stream, 6) == [(6, "x")]
        assert stream.retractions == 0


# -------------------------------------------------------------------------------------------------------- commands


def test_commands_are_answered(run: RunDirectory) -> None:
    with at_work(run) as writer, EventStream(run) as stream:
        assert stream.send("7", "me", cmd.Status())
        until(lambda: stream.wait(0.1) or stream.replies, "the answer")
        assert [(reply.id, reply.report) for reply in stream.replies] == [("7", REPORT)]
        assert stream.send("8", "me", cmd.WriteNote(text="x"))
        [envelope] = until(writer.link.mailbox.take, "the command")
        assert (envelope.request.by, envelope.request.command) == ("me", cmd.WriteNote(text="x"))


def test_foreign_messages_on_the_stream_are_passed_over(run: RunDirectory) -> None:
    with at_work(run) as writer, EventStream(run) as stream:
        writer.note()
        follow(stream, 1)
        for junk in (b"", b"{}", b"\xff", b"[" * 100_000):
            writer.link.publish(junk)
        writer.note()
        assert follow(stream, 2) == [2]


def test_a_run_whose_identity_is_gone_is_lost(run: RunDirectory) -> None:
    run.identity.unlink()
    with EventStream(run) as stream:
        assert stream.engine == "lost"


def test_a_changed_address_is_followed(run: RunDirectory) -> None:
    standing = Standing(run)
    with EventStream(run) as stream, locked(run):
        for number in (1, 2):
            endpoints = new_endpoints()
            link = Link(endpoints, msgspec.structs.replace(REPORT, step=number))
            link.open()
            standing.update(state="training", pid=number, endpoints=endpoints)
            stream.replies.clear()

            def answered(step: int = number) -> bool:
                stream.wait(0.1)
                stream.send("1", "me", cmd.Status())
                return any(reply.step == step for reply in stream.replies)

            until(answered, "an answer")
            link.close()
