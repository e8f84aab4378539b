"""What goes over the wire between machines: one socket, calls and answers, encrypted and authenticated by CURVE.

A viewer calls and the gateway answers, and nothing is ever sent unasked. So a gateway knows of no viewer but those
whose commands wait for the engine, a slow one gets fewer and larger answers, and one that is gone costs nothing.
"""

from __future__ import annotations

import secrets
import time
import zlib
from collections.abc import Sequence
from types import TracebackType
from typing import Annotated, Self, TypeAlias, overload

import msgspec
import zmq

from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol.access import Access, Rights
from engine.protocol.codec import DecodeError, decode_json, encode_request
from engine.protocol.commands import MAX_MESSAGE_BYTES, MAX_TEXT, Refusal, Reply, Request
from engine.protocol.events import Tick
from engine.protocol.rundir import Identity, ViewedState

WIRE_VERSION = 1
SHEET_PATTERN = r"samples/step-[0-9]{8,12}(-[0-9]{1,6})?\.png"
"""Of a contact sheet's path in a run directory."""
ZAP_DOMAIN = b"gan-tui"
CHUNK = 1 << 19
"""Bytes of one file that an answer carries at most, before they are compressed."""
LONGEST_CALL = MAX_MESSAGE_BYTES + 4096
LONGEST_ANSWER = 4 << 20
"""Two chunks, were they not compressible at all, and what is said beside them, several times over."""
HANDSHAKE_MILLISECONDS = 10_000
HEARTBEAT_MILLISECONDS = 5_000
SILENCE_MILLISECONDS = 20_000
"""A peer that does not answer a heartbeat for so long is taken for gone, and its connection closed."""
REFUSED_SECONDS = 2.0
"""How long connections may fail until it is taken that nobody can be reached there: a gateway may be starting."""
ANSWER_SECONDS = 15.0
"""How long a gateway may take to say how a run stands, over a slow link."""
COMMAND_SECONDS = 600.0
"""How long a command may wait for a step boundary."""

Bytes: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    pass


class Ask(_Message, frozen=True, kw_only=True, tag="ask"):
    """A command for the engine; answered when it has answered."""

    request: Request


class Follow(_Message, frozen=True, kw_only=True, tag="follow"):
    """How does the run stand, and what is recorded behind these places?"""

    metrics: Bytes
    """Bytes of metrics.jsonl that are known."""
    events: Bytes


class Fetch(_Message, frozen=True, kw_only=True, tag="fetch"):
    """A part of a contact sheet or of config.toml."""

    path: Annotated[str, msgspec.Meta(pattern=rf"^(config\.toml|{SHEET_PATTERN})\Z")]
    """Relative to the run directory."""
    offset: Bytes


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a viewer sends."""

    version: int
    id: Annotated[str, msgspec.Meta(max_length=64)]
    """Chosen by the caller; the answer repeats it."""
    what: Ask | Follow | Fetch


class Told(_Message, frozen=True, kw_only=True, tag="told"):
    """The engine's answer to a command."""

    reply: Reply


class Update(_Message, frozen=True, kw_only=True, tag="update"):
    """How the run stands; two frames follow: what lies behind the known places of metrics and events, as a part each.

    At some moment both files were as long as said here, so that whoever has all of both knows every event up to the
    newest one of them.
    """

    rights: Rights
    """The caller's."""
    state: ViewedState
    identity: Identity
    metrics: Bytes
    """Length of metrics.jsonl up to its last newline."""
    events: Bytes
    tick: Tick | None = None
    """The newest."""


class Part(_Message, frozen=True, kw_only=True, tag="part"):
    """One frame of a file follows."""

    size: Bytes
    """The file's."""


class Refused(_Message, frozen=True, kw_only=True, tag="refused"):
    """Why a call is not answered."""

    refusal: Refusal
    temporary: bool = False
    """Whether the same call may be answered later: nothing is wrong with it."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the gateway sends back, in the first frame."""

    id: str
    what: Told | Update | Part | Refused


_calls = msgspec.json.Decoder(Call)
_answers = msgspec.json.Decoder(Answer)
_encoder = msgspec.json.Encoder()


def encode_wire(message: Call | Answer) -> bytes:
    """A first frame."""
    return _encoder.encode(message)


def decode_call(payload: bytes) -> Call:
    """A call. Raises DecodeError when it is malformed."""
    return decode_json(_calls, payload)


def decode_answer(payload: bytes) -> Answer:
    """An answer. Raises DecodeError when it is malformed."""
    return decode_json(_answers, payload)


def pack(content: bytes) -> bytes:
    """Content as it goes over the wire; lines of JSON become a tenth as long."""
    return zlib.compress(content, 1)


def unpack(frame: bytes) -> bytes:
    """The content, of which there is never more than a chunk. Raises DecodeError when it is damaged or longer."""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(frame, CHUNK + 1)
    except zlib.error as error:
        raise DecodeError(f"a frame is damaged ({error})") from error
    if not inflater.eof or len(content) > CHUNK:
        raise DecodeError("a frame is cut short or too long")
    return content


class AbandonedError(Exception):
    """Whoever wanted the answer is gone."""


class Caller:
    """A viewer's end. Not thread-safe; one call at a time.

    Args:
        access: how to reach the run.
        lifeline: a file descriptor that comes to its end when nobody wants answers any more; None where that happens
            by the end of this process alone.
    """

    def __init__(self, access: Access, lifeline: int | None = None) -> None:
        self.access = access
        self._lifeline = lifeline
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self._noted: set[int] = set()
        """What has happened to the connection since it was begun."""

    @overload
    def call(self, what: Ask, seconds: float) -> tuple[Told, list[bytes]]: ...

    @overload
    def call(self, what: Follow, seconds: float) -> tuple[Update, list[bytes]]: ...

    @overload
    def call(self, what: Fetch, seconds: float) -> tuple[Part, list[bytes]]: ...

    def call(self, what: Ask | Follow | Fetch, seconds: float) -> tuple[Told | Update | Part, list[bytes]]:
        """Call, and wait for the answer and the content that comes with it.

        Raises:
            RequestError: it was refused, in the gateway's words, or the keys are not right; or no engine takes so long
                a command.
            WorkError: no answer came in time, or none that can be read or was asked for; or it was refused for now.
            AbandonedError: the lifeline is at its end.
        """
        if isinstance(what, Ask):
            encode_request(what.request)  # what is too long is refused here: a gateway may hang up on it
        if self._has_broken():
            self.hang_up()
        socket = self._connected()
        call = Call(version=WIRE_VERSION, id=secrets.token_hex(8), what=what)
        began = time.monotonic()
        deadline = began + seconds
        socket.send(encode_wire(call), flags=zmq.NOBLOCK)
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        if self._lifeline is not None:
            poller.register(self._lifeline, zmq.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            ready = dict(poller.poll(int(min(left, 0.2) * 1000) + 1))
            if self._lifeline in ready:
                raise AbandonedError
            if socket in ready:
                answer, content = self._received(socket)
                if answer.id in (call.id, ""):  # none names the call where it could not be read
                    return self._accepted(what, answer, content), content
            elif trouble := self._trouble():
                self.hang_up()  # libzmq would connect again, and what is on its way would stay unanswered
                raise trouble
            elif self._is_unreachable():
                deadline = min(deadline, began + REFUSED_SECONDS)
        silent = self._silent(seconds)
        self.hang_up()  # the next call begins anew: libzmq gives a connection up for good after some failures
        raise silent

    def hang_up(self) -> None:
        """Close the connection; the next call opens another."""
        if self._socket is not None:
            self._socket.disable_monitor()
            self._socket.close(linger=0)
        if self._monitor is not None:
            self._monitor.close(linger=0)
        self._socket = self._monitor = None

    def close(self) -> None:
        """Close all of it."""
        self.hang_up()
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> zmq.Socket[bytes]:
        if self._socket is None:
            access = self.access
            socket = self._context.socket(zmq.DEALER)
            try:
                socket.set(zmq.CURVE_SERVERKEY, access.server.encode())
                socket.set(zmq.CURVE_PUBLICKEY, access.public.encode())
                socket.set(zmq.CURVE_SECRETKEY, access.secret.encode())
            except zmq.ZMQError as error:  # of the right length and letters, and still no number of 256 bits
                socket.close(linger=0)
                fix = f"Ask for a new access file: gan-tui access {access.run} FILE"
                raise RequestError(f"access to {access.run}", "has a key that is none", fix) from error
            socket.set(zmq.MAXMSGSIZE, LONGEST_ANSWER)
            socket.set(zmq.IPV6, 1)
            set_patience(socket)
            self._monitor = socket.get_monitor_socket()
            self._noted = set()
            try:
                socket.connect(access.address)
            except zmq.ZMQError as error:
                socket.disable_monitor()
                socket.close(linger=0)
                fact = f"is no address that can be called ({error.strerror})"
                raise RequestError(access.address, fact, "Correct `address` in the access file.") from error
            self._socket = socket
        return self._socket

    def _received(self, socket: zmq.Socket[bytes]) -> tuple[Answer, list[bytes]]:
        head, *frames = socket.recv_multipart()
        try:
            return decode_answer(head), [unpack(frame) for frame in frames]
        except DecodeError as error:
            fix = "Use the gan-tui of the machine that trains."
            raise WorkError(self.access.address, f"answers what cannot be read ({error})", fix) from error

    def _accepted(self, asked: Ask | Follow | Fetch, answer: Answer, content: list[bytes]) -> Told | Update | Part:
        """The answer, if it is one to what was asked. Raises as call does."""
        match asked, answer.what, len(content):
            case _, Refused(refusal=refusal, temporary=True), _:
                raise WorkError(refusal.subject, refusal.fact, refusal.fix)
            case (_, Refused(refusal=refusal), _) | (_, Told(reply=Reply(refusal=Refusal() as refusal)), _):
                raise RequestError(refusal.subject, refusal.fact, refusal.fix)
            case (Ask(), Told() as what, 0) | (Follow(), Update() as what, 2) | (Fetch(), Part() as what, 1):
                return what
            case _:
                raise WorkError(self.access.address, "answers something else than it was asked")

    def _note(self) -> None:
        """Learn what has happened to the connection."""
        from zmq.utils.monitor import recv_monitor_message  # late: with it comes all of zmq.asyncio

        while self._monitor is not None and self._monitor.poll(0):
            self._noted.add(int(recv_monitor_message(self._monitor)["event"]))

    def _has_broken(self) -> bool:
        """Whether there was a connection, and is not any more."""
        self._note()
        return {zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_DISCONNECTED} <= self._noted

    def _is_unreachable(self) -> bool:
        """Whether connecting fails, and not for want of an answer: it is refused, or there is no way to there."""
        self._note()
        return zmq.EVENT_CLOSED in self._noted and zmq.EVENT_CONNECTED not in self._noted

    def _trouble(self) -> GanTuiError | None:
        """Why no answer will ever come; None while one may."""
        run, address = self.access.run, self.access.address
        if self._has_broken():
            fact = "has hung up, or was cut off, before the answer came"
            return WorkError(address, fact, f"Whether it was carried out the journal of {run} tells.")
        if zmq.EVENT_HANDSHAKE_FAILED_AUTH in self._noted:
            fact = f"does not know this key to {run}, or not any more"
            return RequestError(address, fact, f"Ask for a new access file: gan-tui access {run} FILE")
        return None

    def _silent(self, seconds: float) -> WorkError:
        address = self.access.address
        if zmq.EVENT_HANDSHAKE_SUCCEEDED in self._noted:
            return WorkError(address, f"did not answer within {seconds:g} s", "Allow more time, or try again.")
        if zmq.EVENT_CONNECTED in self._noted:
            fix = (
                "Try again, as it may not be able to read its keys now. Else the address is another run's by now, or "
                "its keys have been made anew: ask for a new access file."
            )
            return WorkError(address, f"answers, but not with the key of {self.access.run}", fix)
        fix = "Is the run live, and does it listen (run.listen)? Is there a firewall between?"
        if self._is_unreachable():
            return WorkError(address, "cannot be connected to: nobody listens there, or no way leads there", fix)
        return WorkError(address, f"is not answered at by {self.access.run}", fix)


def set_patience(socket: zmq.Socket[bytes]) -> None:
    """How long either end waits for the other before it takes it for gone."""
    socket.set(zmq.LINGER, 0)
    socket.set(zmq.HANDSHAKE_IVL, HANDSHAKE_MILLISECONDS)
    socket.set(zmq.HEARTBEAT_IVL, HEARTBEAT_MILLISECONDS)
    socket.set(zmq.HEARTBEAT_TIMEOUT, SILENCE_MILLISECONDS)


def refused(
    call_id: str, subject: str, fact: str, fix: str = "", *, temporary: bool = False
) -> tuple[Answer, Sequence[bytes]]:
    """The answer that refuses a call."""
    refusal = Refusal(subject=subject, fact=fact, fix=fix)
    return Answer(id=call_id, what=Refused(refusal=refusal, temporary=temporary)), ()


def is_too_long(request: Request) -> bool:
    """Whether a request names its sender or itself at a length that an engine refuses."""
    return len(request.by) > MAX_TEXT or len(request.id) > MAX_TEXT
