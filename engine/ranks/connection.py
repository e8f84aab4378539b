"""A TCP connection between the leader and another rank, on which messages are whole. Torch-free.

The connection is also how each learns of the other's death: the kernel closes it when a process ends, however it ends,
and keep-alive probes find a machine that has vanished without a word.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import threading
import time

LOOPBACK = "127.0.0.1"

_LENGTH = struct.Struct("!Q")
PROBE_AFTER, PROBE_EVERY, PROBES = 15, 5, 5
"""Seconds of silence before the first probe, seconds between two, and how many stay unanswered before the end."""
UNANSWERED_MS = 40_000
"""How long what was sent may stay unanswered: while anything is, there are no probes, and TCP itself has patience for
a quarter of an hour."""
AT_MOST = 64 * 2**30
"""Bytes of a message: a state with all its moments is smaller by far."""


class ConnectionLostError(Exception):
    """The other end is gone, or what it sends is no message."""


class Connection:
    """One end of it; any thread may send, one receives.

    Args:
        stream: connected.
    """

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._sending = threading.Lock()
        stream.settimeout(None)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", PROBE_AFTER), ("TCP_KEEPINTVL", PROBE_EVERY), ("TCP_KEEPCNT", PROBES)):
            if hasattr(socket, name):  # macOS calls the first one otherwise
                stream.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)

    def send(self, message: bytes) -> None:
        """Hand a message over. Raises ConnectionLostError."""
        try:
            with self._sending:
                self._stream.sendall(_LENGTH.pack(len(message)))
                self._stream.sendall(message)
        except OSError as error:
            raise ConnectionLostError(str(error)) from error

    def receive(self, at_most: int = AT_MOST, seconds: float | None = None) -> bytes:
        """The next message; waits for it.

        Args:
            at_most: bytes that it may have.
            seconds: how long all of it may take; None for ever.

        Raises:
            ConnectionLostError: the other end is gone, or silent, or says more than it may.
        """
        try:
            deadline = None if seconds is None else time.monotonic() + seconds
            [length] = _LENGTH.unpack(self._take(_LENGTH.size, deadline))
            if length > at_most:
                raise ConnectionLostError(f"a message of {length} bytes is none of ours")
            return self._take(length, deadline)
        except OSError as error:
            raise ConnectionLostError(str(error)) from error
        finally:
            if seconds is not None:
                with contextlib.suppress(OSError):  # it may have been closed meanwhile
                    self._stream.settimeout(None)

    def close(self) -> None:
        """Close it; a receive in progress in another thread ends."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._stream.close()

    def _take(self, length: int, deadline: float | None) -> bytes:
        buffer = bytearray(length)
        rest = memoryview(buffer)
        while rest:
            if deadline is not None:
                self._stream.settimeout(_left_until(deadline))
            got = self._stream.recv_into(rest)
            if not got:
                raise ConnectionLostError("the other end has closed it")
            rest = rest[got:]
        return bytes(buffer)


def _left_until(deadline: float) -> float:
    """Seconds. Raises TimeoutError where none are left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the message is not complete in time")
    return left


def listen_at(host: str) -> socket.socket:
    """Where others connect to, on a free port: from this machine alone where that is what the host's name means.

    Args:
        host: by which the others reach this machine.

    Raises:
        OSError: nothing can listen there.
    """
    if _means_this_machine(host):
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        family, *_, address = min(found)  # of version 4, where there is one: who connects tries every one of them
        return socket.create_server((str(address[0]), 0), family=family)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", 0))


def _means_this_machine(host: str) -> bool:
    """Whether a name means the loopback wherever it is looked up.

    A machine's own name may mean it on that machine alone: Debian has it stand for 127.0.1.1 in the hosts file.
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
