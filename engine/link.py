"""The engine's end of the ZeroMQ link: a thread that owns the sockets, so that training never waits for a viewer.

Events and sample sheets go out on PUB sockets with bounded queues; commands come in on a ROUTER socket. ``Status`` is
answered by the thread itself from the newest report, whatever the step loop is doing, and so is who asks to hold
control; every other command waits in the mailbox for a step boundary.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
import weakref
from collections import deque
from dataclasses import dataclass
from typing import get_args

import zmq
from msgspec.structs import replace

from engine.errors import GanTuiError, RequestError
from engine.holding import Holding
from engine.protocol.codec import EVENT_TOPIC, SHEET_TOPIC, DecodeError, decode_request, encode
from engine.protocol.commands import (
    MAX_MESSAGE_BYTES,
    MAX_TEXT,
    SCHEMA_VERSION,
    Hold,
    Refusal,
    Release,
    Reply,
    Report,
    Request,
    Status,
    Steering,
    Stop,
)
from engine.protocol.rundir import Endpoints
from engine.protocol.runtime import socket_folder, socket_path, wake_pipe

log = logging.getLogger(__name__)

EVENTS_HIGH_WATER_MARK = 2000
SHEETS_HIGH_WATER_MARK = 2
LOOK_SECONDS = 2.0
"""How often it is looked whether the socket files are still there."""
MAILBOX_LIMIT = 1000
OUTBOX_LIMIT = 10_000


@dataclass(frozen=True)
class Envelope:
    """A request and the viewer it came from."""

    sender: bytes
    request: Request


class Mailbox:
    """Commands on their way to the step loop, in the order they came."""

    def __init__(self) -> None:
        # SimpleQueue, because a signal handler may put while the loop's own thread is inside get.
        self._queue: queue.SimpleQueue[Envelope] = queue.SimpleQueue()
        self.end_asked_by = ""
        """Who has asked the engine to end now, and not with an epoch; before the first step nobody takes that out."""

    def put(self, envelope: Envelope) -> bool:
        """False when the loop has fallen too far behind to take another."""
        if self._queue.qsize() >= MAILBOX_LIMIT:
            return False
        match envelope.request:
            case Request(command=Stop(how="save" | "discard"), by=by):
                self.end_asked_by = by or "a viewer"
        self._queue.put(envelope)
        return True

    def insist(self, envelope: Envelope) -> None:
        """Put one that must not be lost, however many wait: a signal's."""
        self._queue.put(envelope)

    def take(self) -> list[Envelope]:
        """All that wait, at once."""
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._queue.get_nowait())
        return found

    def wait(self, seconds: float) -> list[Envelope]:
        """All that wait, after the first has come; empty when none came in time."""
        try:
            first = self._queue.get(timeout=seconds)
        except queue.Empty:
            return []
        return [first, *self.take()]


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class Link:
    """Sockets and the thread that serves them; every public method may be called from any thread.

    Args:
        endpoints: where to serve.
        report: what Status is answered with at first.
        stands_in: whether for an engine elsewhere, which alone knows who holds control of it.
    """

    def __init__(self, endpoints: Endpoints, report: Report, *, stands_in: bool = False) -> None:
        self.endpoints = endpoints
        self._stands_in = stands_in
        self.mailbox = Mailbox()
        self.at_once = Mailbox()
        """What a stand-in is asked about who holds control: it must not wait behind what waits for a step."""
        self.holding = Holding()
        self.report = report
        """What Status is answered with; replaced by the loop."""
        self.interrupted_by = ""
        """The signal that asks the engine to end; the step loop finds a Stop in the mailbox as well."""
        self._outbox: deque[tuple[str, list[bytes]]] = deque(maxlen=OUTBOX_LIMIT)
        self._wake_reader, self._wake_writer = wake_pipe()
        # Not before, where it was opened: any thread may still wake it.
        self._end_of_pipe = weakref.finalize(self, _close, self._wake_reader, self._wake_writer)
        self._closing = False
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._ready = threading.Event()

    def open(self) -> None:
        """Bind and begin to serve. Raises zmq.ZMQError when an address cannot be bound."""
        self._thread = threading.Thread(target=self._serve, name="link", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure

    def publish(self, line: bytes) -> None:
        """Send one encoded event or tick to whoever listens."""
        self._post("events", [EVENT_TOPIC, line])

    def publish_sheet(self, event_line: bytes, picture: bytes) -> None:
        """Send a contact sheet: its Sampled event and its PNG."""
        self._post("sheets", [SHEET_TOPIC, event_line, picture])

    def reply(self, envelope: Envelope, reply: Reply) -> None:
        """Answer a command; one that a signal stood for has nobody to answer."""
        if envelope.sender:
            steers = isinstance(envelope.request.command, get_args(Steering))
            if steers and envelope.request.viewer is None and not self._stands_in:
                reply = replace(reply, holder=self.holding.holder)
            self._post("commands", [envelope.sender, encode(reply)])

    def close(self) -> None:
        """Send what is still to be sent, then close the sockets and remove them."""
        if self._thread is None:
            self._end_of_pipe()
            return
        self._closing = True
        self._wake()
        self._thread.join(timeout=5)

    def _post(self, socket: str, frames: list[bytes]) -> None:
        self._outbox.append((socket, frames))
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes it all the same
            os.write(self._wake_writer, b"x")

    # ------------------------------------------------------------------------------------------- in the link thread

    def _serve(self) -> None:
        context = zmq.Context()
        try:
            sockets = _Sockets(context, self.endpoints)
        except (zmq.ZMQError, OSError) as error:
            self._failure = error
            context.destroy(linger=0)  # an open socket would keep the process from ending
            self._ready.set()
            return
        self._ready.set()
        poller = zmq.Poller()
        poller.register(self._wake_reader, zmq.POLLIN)
        poller.register(sockets.commands, zmq.POLLIN)
        looked = time.monotonic()
        while not (self._closing and not self._outbox):
            ready = dict(poller.poll(int(LOOK_SECONDS * 1000)))
            try:
                self._take_turn(sockets, ready)
            except Exception:
                # The thread's edge: one message that cannot be handled must not leave the engine deaf.
                log.exception("a message could not be handled")
            if time.monotonic() - looked >= LOOK_SECONDS:
                looked = time.monotonic()
                sockets.rebind_if_removed()
        sockets.close()
        context.destroy(linger=200)

    def _take_turn(self, sockets: _Sockets, ready: dict[object, int]) -> None:
        if self._wake_reader in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_reader, 4096)
        while self._outbox:
            name, frames = self._outbox.popleft()
            sockets.send(name, frames)
        if sockets.commands in ready:
            self._receive(sockets)

    def _receive(self, sockets: _Sockets) -> None:
        sender, *frames = sockets.commands.recv_multipart()
        try:
            if len(frames) != 1:
                raise DecodeError("one frame is expected")
            request = decode_request(frames[0])
        except DecodeError as error:
            reply: Reply | None = self._refuse("", "message", f"is malformed ({error})")
        else:
            reply = self._answer(Envelope(sender, request))
        if reply:
            sockets.send("commands", [sender, encode(reply)])

    def _answer(self, envelope: Envelope) -> Reply | None:
        """The reply that needs no step boundary, or None when the loop will reply."""
        request = envelope.request
        if request.version != SCHEMA_VERSION:
            fact = f"speaks version {request.version} of the protocol, this engine {SCHEMA_VERSION}"
            return self._refuse(request.id, "viewer", fact, "Use the gan-tui that started the run.")
        if len(request.by) > MAX_TEXT or len(request.id) > MAX_TEXT:
            return self._refuse("", "sender", "has a name or request id that is too long")
        if isinstance(request.command, Status):
            report = self.report if self._stands_in else replace(self.report, holder=self.holding.holder)
            return Reply(version=SCHEMA_VERSION, id=request.id, step=report.step, report=report)
        if not self._stands_in and (told := self._hold(request)):
            return told
        mailbox = self.at_once if isinstance(request.command, Hold | Release) else self.mailbox
        if not mailbox.put(envelope):
            return self._refuse(request.id, "engine", "has too many commands waiting", "Wait for the step to end.")
        return None

    def _hold(self, request: Request) -> Reply | None:
        """What is said to who asks to hold control, or asks what the holder alone may; None for all other commands."""
        try:
            if not isinstance(request.command, Hold | Release):
                self.holding.admit(request)
                return None
            said = self.holding.react(request)
        except RequestError as error:
            reply = self._refuse(request.id, error.subject, error.fact, error.fix)
        else:
            reply = Reply(version=SCHEMA_VERSION, id=request.id, step=self.report.step, message=said)
        return replace(reply, holder=self.holding.holder)

    def _refuse(self, request_id: str, subject: str, fact: str, fix: str = "") -> Reply:
        refusal = Refusal(subject=subject, fact=fact, fix=fix)
        return Reply(version=SCHEMA_VERSION, id=request_id, step=self.report.step, refusal=refusal)


class _Sockets:
    """The three bound sockets."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoints: Endpoints) -> None:
        self._addresses = {"events": endpoints.events, "sheets": endpoints.sheets, "commands": endpoints.commands}
        self.events = context.socket(zmq.PUB)
        self.events.set(zmq.SNDHWM, EVENTS_HIGH_WATER_MARK)
        self.sheets = context.socket(zmq.PUB)
        self.sheets.set(zmq.SNDHWM, SHEETS_HIGH_WATER_MARK)
        self.commands = context.socket(zmq.ROUTER)
        self.commands.set(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self._by_name = {"events": self.events, "sheets": self.sheets, "commands": self.commands}
        for name, socket in self._by_name.items():
            socket.set(zmq.LINGER, 200)
            self._bind(name, socket)

    def _bind(self, name: str, socket: zmq.Socket[bytes]) -> None:
        address = self._addresses[name]
        path = socket_path(address)
        socket.bind(address)
        if path:
            path.chmod(0o600)

    def send(self, name: str, frames: list[bytes]) -> None:
        # ROUTER drops what is for a viewer that left, PUB what a slow one cannot take: neither ever blocks.
        with contextlib.suppress(zmq.Again):
            self._by_name[name].send_multipart(frames, flags=zmq.NOBLOCK)

    def rebind_if_removed(self) -> None:
        """Bind again where the socket file is gone: the runtime folder is wiped when a user's last session ends."""
        for name, socket in self._by_name.items():
            address = self._addresses[name]
            path = socket_path(address)
            if path is None or path.exists():
                continue
            with contextlib.suppress(zmq.ZMQError, OSError, GanTuiError):
                socket_folder()  # makes it again, and refuses one that somebody else has made meanwhile
                with contextlib.suppress(zmq.ZMQError):
                    socket.unbind(address)
                self._bind(name, socket)
                log.info("bound %s again: its socket file had been removed", name)

    def close(self) -> None:
        for name, socket in self._by_name.items():
            path = socket_path(self._addresses[name])
            socket.close()
            if path:
                path.unlink(missing_ok=True)
