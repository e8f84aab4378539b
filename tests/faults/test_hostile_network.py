"""What a peer on the network can do to a run that listens: without a key nothing, with one what a viewer can."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import psutil
import pytest
import zmq

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.access import Access
from engine.protocol.wire import LONGEST_CALL, WIRE_VERSION, Ask, Call, Fetch, Follow, decode_answer, encode_wire
from tests.distant import access_to, answer, door_of, listening_engine
from tests.faults.mutations import damaged, noise
from tests.runs import Engine, events_of, record_of
from tests.until import PATIENCE, until

MESSAGES = 3000
BATCH = 10
"""Fewer than the answers that wait for a viewer, so that none is dropped."""
CONNECTIONS = 300
MEMORY = 64 << 20
"""Bytes that a gateway may have grown by under all of this but one."""
LARGEST_GATEWAY = 1 << 30

_JOURNALED = (ev.Note, ev.Nudged, ev.Paused, ev.Stopped, ev.Failed)
STATUS = cmd.Request(version=cmd.SCHEMA_VERSION, id="1", by="fuzz", command=cmd.Status())
VALID = [
    encode_wire(Call(version=WIRE_VERSION, id="1", what=what))
    for what in (Ask(request=STATUS), Follow(metrics=0, events=0), Fetch(path="config.toml", offset=0))
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with listening_engine(tmp_path_factory.mktemp("runs")) as engine:
        engine.step_back()
        yield engine


@pytest.fixture(scope="module")
def access(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Access:
    return access_to(engine.run, tmp_path_factory.mktemp("keys") / "a")


@pytest.fixture
def gateway(engine: Engine) -> Iterator[psutil.Process]:
    """The gateway, which after the test is as large as before, and the engine, which goes on as if nothing were."""
    [process] = [
        child for child in psutil.Process(engine.process.pid).children() if "engine.remote.gateway" in child.cmdline()
    ]
    before, begun = process.memory_info().rss, len(record_of(engine.run))
    yield process
    assert process.is_running()
    assert process.memory_info().rss < before + MEMORY
    engine.until(lambda: len(record_of(engine.run)) > begun + 3, "more training")


def port_of(engine: Engine) -> int:
    door = door_of(engine.run)
    assert door is not None
    return door.port


def test_connections_that_say_nothing_or_garbage_keep_nobody_out(
    engine: Engine, access: Access, gateway: psutil.Process
) -> None:
    random = Random(0)
    peers = [socket.create_connection(("127.0.0.1", port_of(engine))) for _ in range(CONNECTIONS)]
    try:
        for place, peer in enumerate(peers):
            match place % 3:
                case 1:
                    peer.sendall(noise(random, 2000))
                case 2:  # the greeting of ZeroMQ, for CURVE, and then no handshake
                    peer.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(47) + noise(random, 500))
                case _:
                    pass
        assert answer(access, cmd.Status()).report
    finally:
        for peer in peers:
            peer.close()


def test_connections_that_never_finish_their_handshake_are_closed(engine: Engine, gateway: psutil.Process) -> None:
    with socket.create_connection(("127.0.0.1", port_of(engine))) as peer:
        peer.settimeout(PATIENCE)
        while peer.recv(4096):  # its greeting, and then the end
            pass


def test_garbage_from_the_holder_of_a_key_is_refused(engine: Engine, access: Access, gateway: psutil.Process) -> None:
    random, journal = Random(1), len(events_of(engine.run, *_JOURNALED))
    refused = 0
    with zmq.Context() as context, _connected(context, access) as peer:
        for _ in range(MESSAGES // BATCH):
            for _ in range(BATCH):
                whole = random.choice(VALID)
                frames = random.choice(
                    ([noise(random, 300)], [damaged(random, whole)], [whole, b""], [b""], [b"[" * 3000], [whole[:-9]])
                )
                peer.send_multipart(frames)
            for _ in range(BATCH):
                assert peer.poll(int(PATIENCE * 1000)), "no answer"
                found = decode_answer(peer.recv_multipart()[0])
                refused += found.what.__struct_config__.tag == "refused"
    assert refused > MESSAGES // 2
    assert len(events_of(engine.run, *_JOURNALED)) == journal
    assert answer(access, cmd.Status()).report


def test_an_oversized_message_costs_its_sender_the_connection(
    engine: Engine, access: Access, gateway: psutil.Process
) -> None:
    with (
        zmq.Context() as context,
        _connected(context, access) as peer,
        peer.get_monitor_socket(zmq.EVENT_DISCONNECTED) as hung_up,
    ):
        peer.send(bytes(LONGEST_CALL + 1000))
        assert hung_up.poll(int(PATIENCE * 1000)), "the gateway took it"
        peer.disable_monitor()
    assert answer(access, cmd.Status()).report


def test_answers_that_nobody_takes_are_dropped(engine: Engine, access: Access, gateway: psutil.Process) -> None:
    with engine.run.metrics.open("ab") as file:  # enough for each answer to be large, also when it is compressed
        file.write(Random(2).randbytes(1 << 18).hex().encode() + b"\n")
    with zmq.Context() as context, _connected(context, access) as peer:
        peer.set(zmq.RCVHWM, 1)
        for _ in range(3000):
            peer.send(VALID[1])
        assert answer(access, cmd.Status()).report


def test_many_commands_are_answered_each_or_refused(engine: Engine, access: Access, gateway: psutil.Process) -> None:
    note = msgspec.structs.replace(STATUS, command=cmd.WriteNote(text="x" * 1000))
    call = encode_wire(Call(version=WIRE_VERSION, id="1", what=Ask(request=note)))
    with zmq.Context() as context, _connected(context, access) as peer:
        for _ in range(200):
            peer.send(call)
        until(lambda: bool(peer.poll(1000)), "an answer")
    assert answer(access, cmd.Status()).report


def test_a_message_without_an_end_ends_the_gateway_at_the_worst(tmp_path: Path) -> None:
    """Each frame is within bounds, and there are ever more: they fill what the gateway may take of memory, no other."""
    with listening_engine(tmp_path / "runs") as engine:
        [gateway] = [
            child for child in psutil.Process(engine.process.pid).children() if "gateway" in str(child.cmdline())
        ]
        assert gateway.rlimit(psutil.RLIMIT_DATA)[0] == LARGEST_GATEWAY
        frame = bytes(LONGEST_CALL - 1000)
        access = access_to(engine.run, tmp_path / "a", watch=True)
        with (
            zmq.Context() as context,
            _connected(context, access) as peer,
            peer.get_monitor_socket(zmq.EVENT_DISCONNECTED) as hung_up,
        ):
            for _ in range(LARGEST_GATEWAY * 5 // 4 // len(frame)):
                peer.send(frame, flags=zmq.SNDMORE, copy=False)
            peer.send(frame, copy=False)
            until(lambda: hung_up.poll(0) or peer.poll(0), "the end of the connection, or an answer")
            assert not peer.poll(0), "it took all of it"
            peer.disable_monitor()
        step = engine.ask(cmd.Status()).step
        engine.until_step(step + 3)


def _connected(context: zmq.Context[zmq.Socket[bytes]], access: Access) -> zmq.Socket[bytes]:
    peer = context.socket(zmq.DEALER)
    peer.set(zmq.LINGER, 0)
    peer.set(zmq.CURVE_SERVERKEY, access.server.encode())
    peer.set(zmq.CURVE_PUBLICKEY, access.public.encode())
    peer.set(zmq.CURVE_SECRETKEY, access.secret.encode())
    peer.connect(access.address)
    return peer
