"""The link: Status is answered whatever the loop does, commands wait in order, and no viewer can hold it up."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import zmq

from engine.link import EVENTS_HIGH_WATER_MARK, MAILBOX_LIMIT, OUTBOX_LIMIT, Envelope, Link, Mailbox
from engine.protocol import commands as cmd
from engine.protocol.codec import EVENT_TOPIC, SHEET_TOPIC, decode_reply, encode
from engine.protocol.rundir import Endpoints
from engine.protocol.runtime import new_endpoints, socket_folder
from tests.until import until

MILLISECONDS = 60_000
REPORT = cmd.Report(
    run="r", state="training", phase="", step=12, total_steps=40, epoch=1, epochs=4, throughput=1.0,
    controls={}, staged=(), lr={}, losses={}, last_seq=3,
)  # fmt: skip


def paths_of(endpoints: Endpoints) -> list[Path]:
    return [Path(address.removeprefix("ipc://")) for address in msgspec.structs.astuple(endpoints)]


@contextmanager
def opened(endpoints: Endpoints | None = None) -> Iterator[Link]:
    link = Link(endpoints or new_endpoints(), REPORT)
    link.open()
    try:
        yield link
    finally:
        link.close()


@pytest.fixture
def link() -> Iterator[Link]:
    """A link whose mailbox no loop empties."""
    with opened() as link:
        yield link


class Viewer:
    """A DEALER socket that asks."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoints: Endpoints) -> None:
        self.socket = context.socket(zmq.DEALER)
        self.socket.set(zmq.LINGER, 0)
        self.socket.connect(endpoints.commands)

    def send(self, command: cmd.Command, request_id: str = "1", version: int = cmd.SCHEMA_VERSION) -> None:
        self.socket.send(encode(cmd.Request(version=version, id=request_id, by="me", command=command)))

    def reply(self) -> cmd.Reply:
        assert self.socket.poll(MILLISECONDS), "no answer"
        return decode_reply(self.socket.recv())

    def status(self) -> cmd.Reply:
        self.send(cmd.Status(), "status")
        return self.reply()


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    yield context
    context.destroy(linger=0)


@pytest.fixture
def viewer(context: zmq.Context[zmq.Socket[bytes]], link: Link) -> Viewer:
    return Viewer(context, link.endpoints)


def test_status_is_answered_while_the_loop_takes_nothing(link: Link, viewer: Viewer) -> None:
    viewer.send(cmd.Pause(), "waits")
    reply = viewer.status()
    assert (reply.id, reply.step, reply.report, reply.refusal) == ("status", 12, REPORT, None)
    link.report = msgspec.structs.replace(REPORT, step=13)
    report = viewer.status().report
    assert report is not None
    assert report.step == 13
    assert [envelope.request.id for envelope in link.mailbox.take()] == ["waits"]


def test_commands_come_in_order_and_are_answered_to_whom_they_are_from(
    link: Link, viewer: Viewer, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    other = Viewer(context, link.endpoints)
    for number in range(50):
        viewer.send(cmd.WriteNote(text=str(number)), str(number))
    viewer.status()
    other.send(cmd.Undo(), "other")
    other.status()
    taken = link.mailbox.take()
    assert [envelope.request.id for envelope in taken] == [*map(str, range(50)), "other"]
    for envelope in reversed(taken):
        link.reply(envelope, cmd.Reply(version=1, id=envelope.request.id, step=5, message="done"))
    assert other.reply().id == "other"
    assert [viewer.reply().id for _ in range(50)] == [str(number) for number in reversed(range(50))]


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"\xff", b"[" * 60_000, b'{"command":' * 5_000, b'{"version":1,"id":"\xff","by":"","command":{}}'],
)
def test_a_malformed_message_is_refused_and_does_no_harm(link: Link, viewer: Viewer, payload: bytes) -> None:
    viewer.socket.send(payload)
    refusal = viewer.reply().refusal
    assert refusal is not None
    assert refusal.subject == "message"
    assert viewer.status().report == REPORT
    assert link.mailbox.take() == []


def test_a_message_of_many_frames_or_none_is_refused(viewer: Viewer) -> None:
    status = encode(cmd.Request(version=cmd.SCHEMA_VERSION, id="1", by="me", command=cmd.Status()))
    viewer.socket.send_multipart([status, status])
    assert viewer.reply().refusal is not None
    viewer.socket.send_multipart([b"", status])
    assert viewer.reply().refusal is not None
    assert viewer.status().report == REPORT


def test_another_version_is_refused_by_name(viewer: Viewer, link: Link) -> None:
    viewer.send(cmd.Status(), version=2)
    refusal = viewer.reply().refusal
    assert refusal is not None
    assert "speaks version 2 of the protocol, this engine 1" in refusal.fact
    assert link.mailbox.take() == []


def test_an_oversized_message_ends_its_senders_connection_alone(
    link: Link, viewer: Viewer, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    viewer.status()
    bully = Viewer(context, link.endpoints)
    bully.status()
    bully.send(cmd.WriteNote(text="x" * cmd.MAX_MESSAGE_BYTES))
    assert viewer.status().report == REPORT
    assert bully.status().report == REPORT, "it has connected again"
    assert link.mailbox.take() == []


def test_a_flood_of_commands_is_refused_once_the_mailbox_is_full(link: Link, viewer: Viewer) -> None:
    for number in range(MAILBOX_LIMIT + 1):
        viewer.send(cmd.Undo(), str(number))
    reply = viewer.reply()
    assert reply.id == str(MAILBOX_LIMIT)
    assert reply.refusal is not None
    assert "too many commands waiting" in reply.refusal.fact
    assert len(link.mailbox.take()) == MAILBOX_LIMIT


# ---------------------------------------------------------------------------------------------------- publishing


def subscribe(context: zmq.Context[zmq.Socket[bytes]], address: str, topic: bytes, link: Link) -> zmq.Socket[bytes]:
    """A subscriber that is known to be connected: it has had a message."""
    socket = context.socket(zmq.SUB)
    socket.set(zmq.LINGER, 0)
    socket.set(zmq.SUBSCRIBE, topic)
    socket.connect(address)

    def heard() -> bool:
        link.publish(b"hello")
        link.publish_sheet(b"hello", b"")
        return bool(socket.poll(20))

    until(heard, "the subscription")
    while socket.poll(200):
        socket.recv_multipart()
    return socket


def test_events_and_sheets_go_out_in_order_each_on_its_socket(
    link: Link, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    events = subscribe(context, link.endpoints.events, EVENT_TOPIC, link)
    sheets = subscribe(context, link.endpoints.sheets, SHEET_TOPIC, link)
    while events.poll(100):
        events.recv_multipart()
    for number in range(500):
        link.publish(b"%d" % number)
    link.publish_sheet(b"line", b"picture")
    assert sheets.poll(MILLISECONDS)
    assert sheets.recv_multipart() == [SHEET_TOPIC, b"line", b"picture"]
    for number in range(500):
        assert events.poll(MILLISECONDS)
        assert events.recv_multipart() == [EVENT_TOPIC, b"%d" % number]


def test_a_subscriber_that_reads_nothing_holds_nobody_up(
    link: Link, viewer: Viewer, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    stuck = subscribe(context, link.endpoints.events, EVENT_TOPIC, link)
    stuck.set(zmq.RCVHWM, 1)
    reading = subscribe(context, link.endpoints.events, EVENT_TOPIC, link)
    line = b"x" * 2000
    for _ in range(20):
        for _ in range(EVENTS_HIGH_WATER_MARK // 2):
            link.publish(line)
        assert viewer.status().report == REPORT

    def served() -> bool:
        link.publish(b"last")  # of those before, it lost most itself, as it read none of them
        while reading.poll(20):
            if reading.recv_multipart()[1] == b"last":
                return True
        return False

    until(served, "the one that reads")


def test_what_waits_to_be_sent_is_bounded() -> None:
    unopened = Link(new_endpoints(), REPORT)
    for _ in range(OUTBOX_LIMIT + 10):
        unopened.publish(b"x")
    assert len(unopened._outbox) == OUTBOX_LIMIT


# --------------------------------------------------------------------------------------------------- socket files


def test_sockets_are_the_users_alone_and_go_with_the_link() -> None:
    with opened() as link:
        paths = paths_of(link.endpoints)
        for path in paths:
            assert path.is_socket()
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(socket_folder().stat().st_mode) == 0o700
    assert not any(path.exists() for path in paths)


def test_what_a_killed_engine_left_is_replaced(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    endpoints = new_endpoints()
    for path in paths_of(endpoints):
        path.touch()
    with opened(endpoints):
        assert Viewer(context, endpoints).status().report == REPORT


@pytest.mark.parametrize("busy", [False, True])
def test_sockets_that_were_removed_are_bound_again(
    link: Link, context: zmq.Context[zmq.Socket[bytes]], busy: bool
) -> None:
    """A user's runtime folder is wiped when their last session ends; a training engine publishes all the while."""
    old = Viewer(context, link.endpoints)
    old.status()
    paths = paths_of(link.endpoints)
    for path in paths:
        path.unlink()

    def there_again() -> bool:
        if busy:
            link.publish(b"tick")
        return all(path.is_socket() for path in paths)

    until(there_again, "the sockets")
    assert Viewer(context, link.endpoints).status().report == REPORT
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)


CANNOT_BIND = """
import sys
from engine.link import Link
from engine.protocol.commands import Report
from engine.protocol.rundir import Endpoints
report = Report(run="r", state="starting", phase="", step=0, total_steps=0, epoch=0, epochs=0, throughput=0,
                controls={}, staged=(), lr={}, losses={}, last_seq=0)
try:
    Link(Endpoints(events=sys.argv[1], sheets=sys.argv[1], commands=sys.argv[1]), report).open()
except Exception as error:
    print(type(error).__name__)
"""


def test_an_address_that_cannot_be_bound_is_an_error_and_lets_the_process_end(tmp_path: Path) -> None:
    program = [sys.executable, "-c", CANNOT_BIND, f"ipc://{tmp_path}/absent/x"]
    done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "ZMQError\n"


# -------------------------------------------------------------------------------------------------------- mailbox


def test_a_mailbox_waits_for_the_first_and_gives_all() -> None:
    mailbox = Mailbox()
    assert mailbox.wait(0.01) == []
    letters = [
        Envelope(b"", cmd.Request(version=1, id=str(number), by="me", command=cmd.Undo())) for number in range(3)
    ]
    for letter in letters:
        assert mailbox.put(letter)
    assert mailbox.wait(60) == letters
    assert mailbox.take() == []


def test_what_a_signal_asks_is_not_lost_among_a_flood_of_commands() -> None:
    mailbox = Mailbox()
    envelope = Envelope(b"x", cmd.Request(version=cmd.SCHEMA_VERSION, id="", by="", command=cmd.Pause()))
    while mailbox.put(envelope):
        pass
    stop = Envelope(b"", cmd.Request(version=cmd.SCHEMA_VERSION, id="", by="SIGTERM", command=cmd.Stop()))
    mailbox.insist(stop)
    assert mailbox.take()[-1] is stop
