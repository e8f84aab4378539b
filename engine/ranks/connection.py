"""A TCP connection between the leader and another rank, on which messages are whole. Torch-free.

The connection is also how each learns of the other's death: the kernel closes it when a process ends, however it ends,
and keep-alive probes find a machine that has vanished without a word.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

_LENGTH = struct.Struct("!Q")
PROBE_AFTER, PROBE_EVERY, PROBES = 15, 5, 5
"""Seconds of silence before the first probe, seconds between two, and how many stay unanswered before the end."""
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
            seconds: how long a part of it may take; None for ever.

        Raises:
            ConnectionLostError: the other end is gone, or silent, or says more than it may.
        """
        try:
            self._stream.settimeout(seconds)
            [length] = _LENGTH.unpack(self._take(_LENGTH.size))
            if length > at_most:
                raise ConnectionLostError(f"a message of {length} bytes is none of ours")
            return self._take(length)
        except OSError as error:
            raise ConnectionLostError(str(error)) from error

    def close(self) -> None:
        """Close it; a receive in progress in another thread ends."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._stream.close()

    def _take(self, length: int) -> bytes:
        buffer = bytearray(length)
        rest = memoryview(buffer)
        while rest:
            got = self._stream.recv_into(rest)
            if not got:
                raise ConnectionLostError("the other end has closed it")
            rest = rest[got:]
        return bytes(buffer)
