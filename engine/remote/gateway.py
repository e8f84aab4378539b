"""The gateway: a process beside an engine that answers calls from other machines, so that the engine never has to.

``python -m engine.remote.gateway RUN_DIR HOST PORT`` is started by the engine and ends when its standard input does,
which is when the engine ends, of whatever. It forwards commands to the engine as any viewer on the same machine would,
and reads the record from its files: whatever is sent to it from outside, the process that trains has no part in it.

Nobody is answered whose CURVE key the run directory does not hold. That is looked up when a connection is made, by
libzmq's authentication protocol (ZAP, RFC 27), and again for each call, so that a key taken back opens nothing more.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import resource
import secrets
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

import msgspec
import zmq
from zmq.utils import z85

from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol.access import Door, KeyPair, Rights, owner_keys, rights_of, server_keys, write_door
from engine.protocol.codec import EVENT_TOPIC, DecodeError, decode_reply, decode_streamed, encode_request
from engine.protocol.commands import SCHEMA_VERSION, Status
from engine.protocol.events import Tick
from engine.protocol.rundir import LIVE_STATES, Endpoints, RunDirectory, read_identity, viewed_state
from engine.protocol.wire import (
    LONGEST_CALL,
    WIRE_VERSION,
    ZAP_DOMAIN,
    Answer,
    Ask,
    Fetch,
    Follow,
    Part,
    Told,
    Update,
    decode_call,
    encode_wire,
    is_too_long,
    pack,
    refused,
    set_patience,
)
from engine.remote.cuts import cut_of, read_chunk
from engine.remote.waiting import Asker, WaitingCommands

log = logging.getLogger("gateway")

ANSWERS_WAITING = 16
"""Answers that are kept for one viewer that does not take them; further ones are dropped, and it asks again."""
CALLS_WAITING = 64
LAST_WORDS_SECONDS = 3.0
"""How long viewers are answered after the engine's end, so that they see it."""
TELL_SECONDS = 60.0
"""How often the log says that somebody was not let in."""
BIND_SECONDS = 2 * LAST_WORDS_SECONDS
"""How long a port may still be taken: an engine that is killed leaves its gateway to its last words."""
NICENESS = 5
MEMORY = 1 << 30
"""Bytes that this process may take. Bounds on a message are bounds on its frames, of which there may be any number."""
ENGINE = "the engine"

Reaction = tuple[Answer, Sequence[bytes]]


class Gateway:
    """Answers calls until the engine is gone.

    Args:
        run: whose.
        endpoints: of its engine.
        host: an address of this machine, or "*" for all of them.
        port: 0 takes a free one.

    Raises:
        GanTuiError: the keys cannot be read; zmq.ZMQError, OSError: the address cannot be listened on.
    """

    def __init__(self, run: RunDirectory, endpoints: Endpoints, host: str, port: int) -> None:
        self._run = run
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        keys = server_keys(run)
        owner_keys(run)
        try:
            self._gatekeeper = self._context.socket(zmq.REP)
            self._gatekeeper.bind("inproc://zeromq.zap.01")  # before anybody can call: without it, all would be let in
            self._front = _front(self._context, keys)
            self.door = _bound(self._front, keys, endpoints, host, port)
            self._engine = self._context.socket(zmq.DEALER)
            self._engine.connect(endpoints.commands)
            self._stream = self._context.socket(zmq.SUB)
            self._stream.set(zmq.SUBSCRIBE, EVENT_TOPIC)
            self._stream.connect(endpoints.events)
        except BaseException:
            self._context.destroy(linger=0)
            raise
        self._tick: Tick | None = None
        self._forwarded = WaitingCommands()
        self._strangers = _Repeated("keys that do not open this run were refused")
        self._unjudged = _Repeated("somebody was turned away, as the keys of this run could not be read")

    def serve(self, lifeline: int) -> None:
        """Answer until a file descriptor is at its end, and a little longer."""
        poller = zmq.Poller()
        sockets = {
            self._gatekeeper: self._admit, self._front: self._answer, self._engine: self._hand_back,
            self._stream: self._watch,
        }  # fmt: skip
        for each in sockets:
            poller.register(each, zmq.POLLIN)
        poller.register(lifeline, zmq.POLLIN)
        ends: float | None = None
        while ends is None or time.monotonic() < ends:
            ready = dict(poller.poll(None if ends is None else max(0, int((ends - time.monotonic()) * 1000))))
            for each, react in sockets.items():
                if each in ready:
                    try:
                        react()
                    except Exception:
                        # The loop's edge: what one viewer has sent must not leave the others without an answer.
                        log.exception("a message could not be handled")
            if lifeline in ready and not os.read(lifeline, 64):
                poller.unregister(lifeline)
                ends = time.monotonic() + LAST_WORDS_SECONDS

    def close(self) -> None:
        """Send what is still to be sent, and close."""
        self._context.destroy(linger=500)

    # ------------------------------------------------------------------------------------------------- who comes in

    def _admit(self) -> None:
        """Say to libzmq whether a key opens the run."""
        version, request, *asked = self._gatekeeper.recv_multipart()
        verdict = [b"300", b"cannot be judged now", b""]  # libzmq hangs up on whoever calls, who may call again
        try:
            verdict = self._verdict(*asked)
        except (GanTuiError, OSError) as error:
            self._unjudged.tell(error)
        finally:  # whatever has happened: this socket receives nothing more before it has answered
            self._gatekeeper.send_multipart([version, request, *verdict, b""])

    def _verdict(self, domain: bytes, _address: bytes, _identity: bytes, mechanism: bytes, *keys: bytes) -> list[bytes]:
        """Status code, its text and the user's id. Raises WorkError when the keys cannot be read."""
        public = z85.encode(keys[0]) if mechanism == b"CURVE" and len(keys) == 1 else b""
        if domain == ZAP_DOMAIN and public and rights_of(self._run, public.decode()):
            return [b"200", b"", public]
        self._strangers.tell()
        return [b"400", b"unknown key", b""]

    # ------------------------------------------------------------------------------------------------------- calls

    def _answer(self) -> None:
        sender, *frames = self._front.recv_multipart(copy=False)
        try:
            if len(frames) != 1:
                raise DecodeError("one frame is expected")
            call = decode_call(frames[0].bytes)
        except DecodeError as error:
            reaction: Reaction | None = refused("", "call", f"is malformed ({error})")
        else:
            if call.version != WIRE_VERSION:
                fact = f"speaks version {call.version} of the protocol, this gateway {WIRE_VERSION}"
                reaction = refused(call.id, "viewer", fact, "Use the gan-tui of the machine that trains.")
            else:
                reaction = self._react(sender.bytes, call.id, call.what, str(frames[0].get("User-Id")))
        if reaction:
            self._send(sender.bytes, *reaction)

    def _react(self, sender: bytes, call_id: str, what: Ask | Follow | Fetch, public: str) -> Reaction | None:
        """The answer; None where the engine is to give it."""
        try:
            rights = rights_of(self._run, public)
            if rights is None:
                return refused(call_id, "key", "has been taken back", "Ask for a new access file.")
            match what:
                case Ask():
                    return self._forward(sender, call_id, what, rights)
                case Follow():
                    return self._update(call_id, what, rights)
                case Fetch():
                    return self._part(call_id, what)
                case _:
                    assert_never(what)
        except GanTuiError as error:
            return refused(call_id, error.subject, error.fact, error.fix, temporary=isinstance(error, WorkError))
        except OSError as error:
            gone = isinstance(error, FileNotFoundError)
            return refused(call_id, f"run {self._run.name}", f"cannot be read ({error.strerror})", temporary=not gone)

    def _forward(self, sender: bytes, call_id: str, ask: Ask, rights: Rights) -> Reaction | None:
        request = ask.request
        if rights == "watch" and not isinstance(request.command, Status):
            return refused(call_id, "key", "lets its holder watch alone", "Ask for one that steers.")
        if request.version != SCHEMA_VERSION or is_too_long(request):
            return refused(call_id, "sender", "is of another version, or has a name or request id that is too long")
        token = secrets.token_hex(8)
        payload = encode_request(msgspec.structs.replace(request, id=token))  # for a longer one the engine hangs up
        if not self._forwarded.has_room(request.command):
            return refused(call_id, ENGINE, "has too many commands waiting", "Try again.", temporary=True)
        try:
            self._engine.send(payload, flags=zmq.NOBLOCK)
        except zmq.Again:
            return refused(call_id, ENGINE, "takes no commands now", "Try again.", temporary=True)
        self._forwarded.add(token, Asker(sender=sender, call_id=call_id, request_id=request.id))
        return None

    def _hand_back(self) -> None:
        """Give the engine's replies to whoever asked."""
        while True:
            try:
                reply = decode_reply(self._engine.recv(flags=zmq.NOBLOCK))
            except zmq.Again:
                return
            if asker := self._forwarded.take(reply.id):
                told = Told(reply=msgspec.structs.replace(reply, id=asker.request_id))
                self._send(asker.sender, Answer(id=asker.call_id, what=told), ())

    def _update(self, call_id: str, known: Follow, rights: Rights) -> Reaction:
        run = self._run
        identity = read_identity(run)  # before the record: it is never to know more than that
        state = viewed_state(run, identity)
        cut = cut_of(run)
        if known.metrics > cut.metrics or known.events > cut.events:
            fact = "has another record now than the one that was followed"
            return refused(call_id, f"run {run.name}", fact, "Attach to it anew.")
        update = Update(
            rights=rights, state=state, identity=identity, metrics=cut.metrics, events=cut.events, tick=self._tick
        )
        chunks = (
            read_chunk(run.metrics, known.metrics, cut.metrics) if cut.metrics > known.metrics else b"",
            read_chunk(run.events, known.events, cut.events) if cut.events > known.events else b"",
        )
        return Answer(id=call_id, what=update), [pack(chunk) for chunk in chunks]

    def _part(self, call_id: str, wanted: Fetch) -> Reaction:
        path = self._run.root / wanted.path  # of which the form has been checked: it leads nowhere else
        size = path.stat().st_size
        return Answer(id=call_id, what=Part(size=size)), [pack(read_chunk(path, wanted.offset, size))]

    def _watch(self) -> None:
        """Remember the newest tick; the events are read from the record."""
        while True:
            try:
                message = decode_streamed(self._stream.recv_multipart(flags=zmq.NOBLOCK)[-1])
            except zmq.Again:
                return
            except DecodeError:
                continue
            if isinstance(message, Tick):
                self._tick = message

    def _send(self, sender: bytes, answer: Answer, content: Sequence[bytes]) -> None:
        # A ROUTER drops what is for a viewer that left or does not take what it has asked for: it never blocks.
        with contextlib.suppress(zmq.Again):
            self._front.send_multipart([sender, encode_wire(answer), *content], flags=zmq.NOBLOCK)


class _Repeated:
    """A warning that strangers can cause: given at intervals, so that none of them fills a disk with it.

    Args:
        words: what is the case.
    """

    def __init__(self, words: str) -> None:
        self._words = words
        self._times = 0
        self._told = -TELL_SECONDS

    def tell(self, cause: Exception | None = None) -> None:
        """It is the case once more."""
        self._times += 1
        if time.monotonic() - self._told >= TELL_SECONDS:
            log.warning("%s: %d since this was said last", self._words, self._times, exc_info=cause)
            self._told, self._times = time.monotonic(), 0


def _front(context: zmq.Context[zmq.Socket[bytes]], keys: KeyPair) -> zmq.Socket[bytes]:
    """The socket that other machines reach, closed to whoever has no key before it has an address."""
    front = context.socket(zmq.ROUTER)
    front.set(zmq.CURVE_SERVER, 1)
    front.set(zmq.CURVE_SECRETKEY, keys.secret.encode())
    front.set(zmq.ZAP_DOMAIN, ZAP_DOMAIN)
    front.set(zmq.ZAP_ENFORCE_DOMAIN, 1)  # else whoever knows the public key would be let in where nobody is asked
    front.set(zmq.MAXMSGSIZE, LONGEST_CALL)
    front.set(zmq.SNDHWM, ANSWERS_WAITING)
    front.set(zmq.RCVHWM, CALLS_WAITING)
    set_patience(front)
    return front


def _bound(front: zmq.Socket[bytes], keys: KeyPair, endpoints: Endpoints, host: str, port: int) -> Door:
    """Bind to an address of this machine, once it is free. Raises zmq.ZMQError, OSError."""
    numeric = host
    if host != "*":
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        numeric = str(place[0])
        front.set(zmq.IPV6, int(family == socket.AF_INET6))
    address = f"tcp://[{numeric}]:{port or '*'}" if ":" in numeric else f"tcp://{numeric}:{port or '*'}"
    deadline = time.monotonic() + BIND_SECONDS
    while True:
        try:
            front.bind(address)
            break
        except zmq.ZMQError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise
            time.sleep(0.1)
    taken = int(front.get_string(zmq.LAST_ENDPOINT).rpartition(":")[2])
    return Door(host=host, port=taken, server=keys.public, engine=endpoints.commands)


def main(arguments: list[str]) -> int:
    """Serve one run's viewers on other machines; returns the exit status.

    Says on standard output, in one line, what went wrong, or nothing but a newline once calls are answered.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    # They are for the engine, whose process group this is; it ends the gateway when it has done as they say.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder, host, port = arguments
    _be_modest()
    try:
        gateway = _open(RunDirectory(Path(folder)), host, int(port))
    except GanTuiError as error:
        _say(error.one_line())
        return error.exit_code
    _say("")
    try:
        gateway.serve(sys.stdin.fileno())
    finally:
        _leave(RunDirectory(Path(folder)), gateway.door)
        gateway.close()
    return 0


def _open(run: RunDirectory, host: str, port: int) -> Gateway:
    identity = read_identity(run)
    if identity.endpoints is None or identity.state not in LIVE_STATES:
        raise RequestError(f"run {run.name}", "has no engine at work")
    try:
        gateway = Gateway(run, identity.endpoints, host, port)
        write_door(run, gateway.door)
    except (zmq.ZMQError, OSError) as error:
        where = f"run.listen = {host}:{port}"
        fix = "Take another port, or 0 for a free one, and an address of this machine, or * for all."
        raise WorkError(where, f"cannot be listened on ({error.strerror})", fix) from error
    log.info("listening on %s, port %d", host, gateway.door.port)
    return gateway


def _be_modest() -> None:
    """Whatever is sent here takes this process's time, descriptors and memory, and is to take none of the training's.

    A process that comes to the end of its memory ends alone, and without a file of what was in it: that has keys in it.
    """
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError, ValueError):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536) if most > 0 else 65_536, most))
    for limit, wanted in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CORE, 0)):
        most = resource.getrlimit(limit)[1]
        amount = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        with contextlib.suppress(OSError, ValueError):  # not every system lets itself be asked for it
            resource.setrlimit(limit, (amount, amount))


def _leave(run: RunDirectory, door: Door) -> None:
    """Take the door down, unless the next engine's is there by now."""
    with contextlib.suppress(OSError, DecodeError):
        if msgspec.json.decode(run.door.read_bytes(), type=Door) == door:
            run.door.unlink()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
