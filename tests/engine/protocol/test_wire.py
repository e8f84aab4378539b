"""The wire between machines: what is packed comes back, never more than a chunk, and a caller learns of trouble."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import msgspec
import pytest

from engine.errors import RequestError, WorkError
from engine.protocol import commands as cmd
from engine.protocol.access import Access, new_access
from engine.protocol.codec import DecodeError
from engine.protocol.rundir import create_run, read_identity, write_identity
from engine.protocol.runtime import new_endpoints
from engine.protocol.wire import CHUNK, LONGEST_ANSWER, AbandonedError, Ask, Caller, Follow, Update, pack, unpack
from engine.remote.gateway import Gateway
from tests.distant import Network
from tests.until import PATIENCE, until

REQUEST = cmd.Request(version=cmd.SCHEMA_VERSION, id="1", by="me", command=cmd.Pause())


@pytest.mark.parametrize("size", [0, 1, 1000, CHUNK - 1, CHUNK])
def test_what_is_packed_comes_back(size: int) -> None:
    for content in (bytes(size), Random(0).randbytes(size)):
        assert unpack(pack(content)) == content
        assert 2 * len(pack(content)) < LONGEST_ANSWER


@pytest.mark.parametrize(
    "frame",
    [b"", b"x", pack(bytes(1000))[:-1], pack(bytes(CHUNK + 1)), zlib.compress(bytes(1 << 28), 9)],
    ids=["empty", "no zlib", "cut short", "a byte too many", "a bomb"],
)
def test_a_frame_that_is_damaged_or_too_long_is_refused(frame: bytes) -> None:
    with pytest.raises(DecodeError):
        unpack(frame)


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[tuple[Gateway, Access]]:
    """A gateway beside an engine that answers nothing."""
    run = create_run(tmp_path / "runs", name="r", method="cyclegan", preset="p", config_toml="", parent=None)
    write_identity(run, msgspec.structs.replace(read_identity(run), state="training", endpoints=new_endpoints()))
    endpoints = read_identity(run).endpoints
    assert endpoints is not None
    gateway = Gateway(run, endpoints, "127.0.0.1", 0)
    reader, lifeline = os.pipe()
    thread = threading.Thread(target=gateway.serve, args=(reader,))
    thread.start()
    yield gateway, new_access(run, "me", "steer", f"tcp://127.0.0.1:{gateway.door.port}")
    os.close(lifeline)
    thread.join(PATIENCE)
    gateway.close()
    os.close(reader)


def test_a_call_whose_connection_is_cut_ends_at_once_and_the_next_one_connects_anew(
    silent: tuple[Gateway, Access],
) -> None:
    gateway, access = silent
    network = Network(("127.0.0.1", gateway.door.port))
    through = msgspec.structs.replace(access, address=f"tcp://127.0.0.1:{network.port}")
    with Caller(through) as caller:

        def cut() -> None:
            until(lambda: gateway._forwarded, "the command on its way to the engine")
            network.cut()

        cutting = threading.Thread(target=cut)
        cutting.start()
        with pytest.raises(WorkError, match=r"hung up.*journal"):
            caller.call(Ask(request=REQUEST), PATIENCE)
        cutting.join()
        update, _ = caller.call(Follow(metrics=0, events=0), PATIENCE)
        assert isinstance(update, Update)
    network.close()


def test_a_call_that_is_not_answered_ends_in_its_time(silent: tuple[Gateway, Access]) -> None:
    _, access = silent
    with Caller(access) as caller, pytest.raises(WorkError, match=r"did not answer within 0.5 s"):
        caller.call(Ask(request=REQUEST), 0.5)


def test_a_call_that_nobody_wants_answered_any_more_ends_at_once(silent: tuple[Gateway, Access]) -> None:
    gateway, access = silent
    reader, lifeline = os.pipe()

    def leave() -> None:
        until(lambda: gateway._forwarded, "the command on its way to the engine")
        os.close(lifeline)

    with Caller(access, reader) as caller, ThreadPoolExecutor() as pool:
        left = pool.submit(leave)
        with pytest.raises(AbandonedError):
            caller.call(Ask(request=REQUEST), PATIENCE)
        left.result()
    os.close(reader)


def test_a_command_that_no_engine_takes_is_refused_before_anybody_is_called(silent: tuple[Gateway, Access]) -> None:
    _, access = silent
    nowhere = msgspec.structs.replace(access, address="tcp://127.0.0.1:1")
    long = msgspec.structs.replace(REQUEST, command=cmd.WriteNote(text="x" * cmd.MAX_MESSAGE_BYTES))
    with Caller(nowhere) as caller, pytest.raises(RequestError, match=r"bytes long.*Shorten"):
        caller.call(Ask(request=long), 1.0)
