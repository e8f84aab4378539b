"""A run's events in order, from the record and then from the live stream, with neither a gap nor a duplicate."""

from __future__ import annotations

import os
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from types import TracebackType
from typing import Literal, Self, TypeAlias

import zmq

from engine.errors import GanTuiError
from engine.protocol.codec import EVENT_TOPIC, DecodeError, decode_reply, decode_streamed, encode
from engine.protocol.commands import SCHEMA_VERSION, Command, Reply, Request, Viewer
from engine.protocol.events import Event, Tick
from engine.protocol.record import RecordReader, newest_on_file
from engine.protocol.rundir import Endpoints, RunDirectory, engine_is_alive, read_identity, viewed_state
from engine.protocol.runtime import wake_pipe

EngineState: TypeAlias = Literal["starting", "live", "ended", "lost"]
"""Whether an engine is at work: soon, now, no more, or no more and without a word."""

BATCH = 1000
"""Events handed out at once: some milliseconds' work, and less than a megabyte."""
MOST_UNCONFIRMED = 100_000
"""Streamed events that are remembered until they are on file: as many as an engine lets wait for room on the disk."""
LOOK_SECONDS = 1.0
"""How often the record and run.json are looked at when nothing is streamed."""
STARTING_LOOK_SECONDS = 0.1
FAREWELL_MILLISECONDS = 300
"""How long the last command, which lets go of control, is given to leave; it takes none where an engine is there."""


_Glimpse: TypeAlias = tuple[int, float, type[Event]]
"""What tells two engines' events of one number apart: number, time and kind."""


class EventStream:
    """Follows one run. Not thread-safe but for ``wake``.

    The record is the truth and the stream makes it prompt: an event that does not follow the last one seen sends the
    reader back to the record, so events that were dropped on the way, or published before we listened, are not missed.
    What is missing may be much, after a viewer was stopped for hours: it comes batch by batch, one for each ``wait``.

    An engine on a full disk streams events before they are on file. Where it dies before they are, the next one gives
    their numbers again: they are retracted then, and what that engine recorded comes in their place.
    """

    def __init__(
        self, run: RunDirectory, engine_process: subprocess.Popen[bytes] | None = None, *, sparse: bool = False
    ) -> None:
        """Open nothing yet.

        Args:
            run: which.
            engine_process: the run's engine where this process started it: its death is then seen at once.
            sparse: leave out most of a long record's metrics, as RecordReader does; none of the later ones.
        """
        self.run = run
        self.engine: EngineState = "starting"
        self.trouble = ""
        """Why the engine is lost, where more is known than that; of one that is not, why its record or its state cannot
        be read at the moment."""
        self.gone = False
        """Whether the run's files were removed."""
        self.last_seq = 0
        self.retractions = 0
        """How often events were retracted: all those from the number on that the first of the messages has with which
        ``wait`` then returns, or behind ``last_seq`` where it returns with none."""
        self.replies: list[Reply] = []
        """Answers that have come; whoever reads them empties the list."""
        self._reader = RecordReader(run, sparse=sparse)
        self._unread: OSError | None = None
        """What keeps the record from being read at the moment."""
        self._behind = False
        """Whether the record holds more than was seen."""
        self._unconfirmed: deque[_Glimpse] = deque(maxlen=MOST_UNCONFIRMED)
        """What was streamed and has not been read from the record yet."""
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._events: zmq.Socket[bytes] | None = None
        self._commands: zmq.Socket[bytes] | None = None
        self._endpoints: Endpoints | None = None
        self.connections = 0
        """Engines that have been connected to; rises when another is at work."""
        self._wake_reader, self._wake_writer = wake_pipe()
        self._looked = 0.0
        self._engine_process = engine_process
        self._closed = False

    def open(self) -> None:
        """Look for the engine and begin to listen; to be called before the record is read."""
        self._look_for_engine()
        self._behind = True

    def recorded(self) -> Iterator[list[Event]]:
        """What the record holds that was not seen yet, in batches."""
        while batch := self._next_batch():
            yield batch

    def wait(self, seconds: float | None = None) -> list[Event | Tick]:
        """What happens next: returns as soon as something came, ``wake`` was called, or the time is over."""
        pause = STARTING_LOOK_SECONDS if self.engine == "starting" else LOOK_SECONDS
        limit = 0 if self._behind else pause if seconds is None else min(seconds, pause)
        poller = zmq.Poller()
        poller.register(self._wake_reader, zmq.POLLIN)
        for socket in (self._events, self._commands):
            if socket is not None:
                poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(int(limit * 1000)))
        if self._wake_reader in ready:
            os.read(self._wake_reader, 4096)
        if self._commands in ready:
            self._take_replies()
        events: list[Event] = []
        tick = self._take_streamed(events) if self._events in ready else None
        retractions = self.retractions
        if time.monotonic() - self._looked >= pause:
            self._look_for_engine()
            self._behind = True
        batch = self._next_batch() if self._behind else []
        self._behind = len(batch) == BATCH
        if self.retractions > retractions:
            first = batch[0].seq if batch else self.last_seq + 1
            events, tick = [event for event in events if event.seq < first], None
        return [*events, *batch] if tick is None or self._behind else [*events, *batch, tick]

    def wake(self) -> None:
        """Make ``wait`` return; from any thread but while ``close`` runs. After it, nothing happens."""
        if self._closed:
            return
        try:
            os.write(self._wake_writer, b"x")
        except BlockingIOError:
            return  # the pipe is full: it will wake

    def send(self, request_id: str, by: str, command: Command, viewer: Viewer | None = None) -> bool:
        """Send a command, as a viewer that stays where it is one; False when no engine is there to take it."""
        if self._commands is None or self.engine in ("ended", "lost"):
            return False
        request = Request(version=SCHEMA_VERSION, id=request_id, by=by, command=command, viewer=viewer)
        try:
            self._commands.send(encode(request), flags=zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def close(self) -> None:
        """Close the sockets; commands that are not on their way within a moment are dropped. Nobody may be waiting."""
        if self._closed:
            return
        self._closed = True
        self._disconnect(FAREWELL_MILLISECONDS)
        self._context.term()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------- the stream

    def _take_streamed(self, events: list[Event]) -> Tick | None:
        """Add the events that have come and follow the last one seen; returns the newest tick.

        One that does not follow it is left to the record: it is there, or will be when the disk has room again.
        """
        assert self._events is not None
        newest: Tick | None = None
        while True:
            try:
                _, payload = self._events.recv_multipart(flags=zmq.NOBLOCK)
                message = decode_streamed(payload)
            except zmq.Again:
                return newest
            except (ValueError, DecodeError):
                continue  # not of this schema: the record will tell, or refuse, in its own words
            if isinstance(message, Tick):
                newest = message
                self._behind = self._behind or message.last_seq > self.last_seq
            elif message.seq == self.last_seq + 1:
                self.last_seq = message.seq
                self._unconfirmed.append(_glimpse(message))
                events.append(message)
            elif message.seq > self.last_seq:
                self._behind = True

    def _next_batch(self) -> list[Event]:
        batch, self._unread = batch_of(filter(self._is_fresh, self._reader.read()))
        if batch:
            self.last_seq = batch[-1].seq
        return batch

    def _is_fresh(self, event: Event) -> bool:
        """Whether an event of the record was not seen yet; another one of its number that was seen is retracted."""
        while self._unconfirmed and self._unconfirmed[0][0] < event.seq:
            self._unconfirmed.popleft()
        if event.seq > self.last_seq:
            return True
        if not self._unconfirmed or self._unconfirmed[0][0] > event.seq:
            return False
        if self._unconfirmed[0] == _glimpse(event):
            self._unconfirmed.popleft()
            return False
        self._look_for_engine()  # another one has written it; of the one before nothing more is to be listened to
        self._retract_after(event.seq - 1)
        return True

    def _retract_after(self, seq: int) -> None:
        if seq >= self.last_seq:
            return
        while self._unconfirmed and self._unconfirmed[-1][0] > seq:
            self._unconfirmed.pop()
        self.last_seq = seq
        self.retractions += 1

    def _take_replies(self) -> None:
        assert self._commands is not None
        while True:
            try:
                self.replies.append(decode_reply(self._commands.recv(flags=zmq.NOBLOCK)))
            except zmq.Again:
                return
            except DecodeError:
                continue

    # ------------------------------------------------------------------------------------------------- the engine

    def _look_for_engine(self) -> None:
        """Read how the run stands; connect when an engine listens.

        A disk that cannot be read for a while, as behind a network, says nothing of the engine.
        """
        self._looked = time.monotonic()
        gone = self._engine_process is not None and self._engine_process.poll() is not None
        try:
            identity = read_identity(self.run)
        except GanTuiError as error:
            self.gone = isinstance(error.__cause__, FileNotFoundError)
            if self.gone:
                self.engine, self.trouble = "lost", f"{self.run.identity} is gone"
            else:
                self.trouble = f"its run.json cannot be read now ({error.__cause__})"
            return
        self.gone = False
        state = viewed_state(self.run, identity)
        self.trouble = f"its record cannot be read now ({self._unread})" if self._unread else ""
        match state:
            case "stopped" | "finished" | "failed":
                self.engine = "ended"
            case "lost":
                self.engine = "lost"
            case "elsewhere":
                self.engine = "lost"
                self.trouble = f"its engine is or was on {identity.host}, and nothing is seen of it from here"
            case "starting" if gone and not engine_is_alive(self.run):
                self.engine = "lost"
                self.trouble = f"the engine ended before it began; {self.run.log} may say why"
            case _:
                self.engine = "live" if identity.endpoints else "starting"
        if self.engine == "live" and identity.endpoints != self._endpoints:
            assert identity.endpoints is not None
            try:
                newest = newest_on_file(self.run)
            except OSError as error:  # before it is known what is on file, nothing of the engine can be taken in
                self.trouble = f"its record cannot be read now ({error})"
                return
            self._connect(identity.endpoints)
            self._retract_after(max((event.seq for event in newest), default=0))

    def _connect(self, endpoints: Endpoints) -> None:
        self._disconnect()
        self._events = self._context.socket(zmq.SUB)
        self._events.set(zmq.SUBSCRIBE, EVENT_TOPIC)
        self._events.connect(endpoints.events)
        self._commands = self._context.socket(zmq.DEALER)
        self._commands.connect(endpoints.commands)
        self._endpoints = endpoints
        self.connections += 1

    def _disconnect(self, linger: int = 0) -> None:
        for socket in (self._events, self._commands):
            if socket is not None:
                socket.close(linger=linger)
        self._events = self._commands = None
        self._endpoints = None


def batch_of(events: Iterator[Event]) -> tuple[list[Event], OSError | None]:
    """Up to BATCH events of a record, and what kept it from being read on. What is returned is not read again."""
    batch: list[Event] = []
    try:
        batch.extend(islice(events, BATCH))
    except OSError as error:
        return batch, error
    return batch, None


def _glimpse(event: Event) -> _Glimpse:
    return event.seq, event.time, type(event)
