"""How much of what was sent over an SSH connection has not been acknowledged, as Linux tells it."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

PROC = Path("/proc/net")


class SshQueue:
    """The send queue of the connection that this session came over.

    sshd reads the pseudo-terminal at once and keeps up to two megabytes, so that a pseudo-terminal never says that the
    link behind it is slow. The kernel's queue of the connection does, while it is kept short.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ, proc: Path = PROC) -> None:
        self._proc = proc
        self._ends = _ends(environment)

    def __call__(self) -> int | None:
        """Bytes in the queue; None without such a connection, or where it cannot be seen, as in a container."""
        if self._ends is None:
            return None
        for table, ends in self._ends.items():
            try:
                lines = (self._proc / table).read_text(encoding="ascii").splitlines()[1:]
            except OSError:
                continue
            for line in lines:
                fields = line.split(maxsplit=5)
                if len(fields) > 4 and (fields[1], fields[2]) == ends:
                    return int(fields[4].partition(":")[0], 16)
        self._ends = None  # it is not there, and will not come: the session is another's, such as tmux's
        return None


def _ends(environment: Mapping[str, str]) -> dict[str, tuple[str, str]] | None:
    """By table, how Linux writes the server's end and the client's."""
    words = environment.get("SSH_CONNECTION", "").split()
    if len(words) != 4 or "TMUX" in environment or "STY" in environment:
        return None  # a multiplexer reads everything, and its own link is another
    client, client_port, server, server_port = words
    try:
        ports = int(client_port), int(server_port)
        return {
            table: (_written(family, server, ports[1]), _written(family, client, ports[0]))
            for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6))
            if table == "tcp6" or ":" not in client
        }
    except (ValueError, OSError):
        return None


def _written(family: socket.AddressFamily, address: str, port: int) -> str:
    """An address as in /proc/net/tcp: words of the machine's own order, in hexadecimal."""
    if family == socket.AF_INET6 and ":" not in address:
        address = f"::ffff:{address}"  # sshd listens on both, and the connection is one of IPv6 then
    packed = socket.inet_pton(family, address.partition("%")[0])
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"
