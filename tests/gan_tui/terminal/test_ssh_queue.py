"""The connection's send queue as /proc/net tells it."""

from __future__ import annotations

import contextlib
import socket
import sys
from pathlib import Path

import pytest

from gan_tui.terminal.ssh_queue import SshQueue

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = "   {place}: {ours} {theirs} 01 {queue:08X}:00000000 01:00000014 00000000     0        0 21 4 0 20 4 30 10 -1\n"


def proc(tmp_path: Path, table: str, ours: str, theirs: str, queue: int) -> Path:
    lines = [LINE.format(place=0, ours="0100007F:0016", theirs="0100007F:FFFF", queue=1)]
    lines.append(LINE.format(place=1, ours=ours, theirs=theirs, queue=queue))
    (tmp_path / table).write_text(HEADER + "".join(lines))
    return tmp_path


@pytest.mark.skipif(sys.byteorder != "little", reason="the addresses below are written as such machines write them")
@pytest.mark.parametrize(
    ("connection", "table", "ours", "theirs"),
    [
        ("10.0.0.2 51234 10.0.0.1 22", "tcp", "0100000A:0016", "0200000A:C822"),
        (
            "10.0.0.2 51234 10.0.0.1 22",
            "tcp6",
            "0000000000000000FFFF00000100000A:0016",
            "0000000000000000FFFF00000200000A:C822",
        ),
        (
            "2001:db8::2 51234 2001:db8::1 22",
            "tcp6",
            "B80D0120000000000000000001000000:0016",
            "B80D0120000000000000000002000000:C822",
        ),
    ],
)
def test_the_queue_of_the_sessions_connection(
    tmp_path: Path, connection: str, table: str, ours: str, theirs: str
) -> None:
    queue = SshQueue({"SSH_CONNECTION": connection}, proc(tmp_path, table, ours, theirs, 54321))
    assert queue() == 54321


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SSH_CONNECTION": ""},
        {"SSH_CONNECTION": "here and there and everywhere"},
        {"SSH_CONNECTION": "10.0.0.2 51234 10.0.0.1 22", "TMUX": "/tmp/tmux-0/default,1,0"},
        {"SSH_CONNECTION": "10.0.0.9 51234 10.0.0.1 22"},
    ],
)
def test_without_a_connection_of_its_own_nothing_is_known(tmp_path: Path, environment: dict[str, str]) -> None:
    queue = SshQueue(environment, proc(tmp_path, "tcp", "0100000A:0016", "0200000A:C822", 7))
    assert queue() is None
    assert queue() is None


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="Linux alone tells")
def test_a_real_connection_that_nobody_reads() -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        client = socket.create_connection(server.getsockname())
        there, _ = server.accept()
        with client, there:
            words = (*client.getsockname(), *client.getpeername())
            queue = SshQueue({"SSH_CONNECTION": " ".join(map(str, words))})
            assert queue() == 0
            there.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    there.send(bytes(65536))
            assert (queue() or 0) > 10_000
