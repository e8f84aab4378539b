"""A line between a program in a pseudo-terminal and the screen that its user sees, perhaps with a delay and a rate."""

from __future__ import annotations

import os
import select
import time
from collections import deque

PIECE_SECONDS = 0.02
"""A line with a rate carries that much of it at once."""
MOST = 1 << 16


class Line:
    """Carries what is typed to the program, and what it writes to the screen.

    A line with a rate reads no faster from the pseudo-terminal than it carries, so that the program's writes wait when
    what the kernel keeps for it (20 kB on Linux) is full. The delay is that of a network: it holds nothing up.
    """

    def __init__(self, fd: int, *, delay: float = 0.0, rate: float | None = None) -> None:
        """Open nothing.

        Args:
            fd: the pseudo-terminal's master.
            delay: seconds one way.
            rate: bytes a second from the program to the screen.
        """
        self.carried = 0
        """Bytes that the program has written and the line has taken."""
        self.closed = False
        """Whether the program has ended."""
        self.standing = False
        """Whether nothing is taken from the program."""
        self._fd = fd
        self._delay = delay
        self._rate = rate
        self._free_at = 0.0
        self._typed: deque[tuple[float, bytes]] = deque()
        self._written: deque[tuple[float, bytes]] = deque()

    def type(self, keys: str) -> None:
        """Press keys at the user's end."""
        self._typed.append((time.monotonic() + self._delay, keys.encode()))

    def carry(self, seconds: float) -> bytes:
        """Wait so long, or until something comes to the user's end; returns it."""
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            while self._typed and self._typed[0][0] <= now:
                os.write(self._fd, self._typed.popleft()[1])
            if self._written and self._written[0][0] <= now:
                arrived = b""
                while self._written and self._written[0][0] <= now:
                    arrived += self._written.popleft()[1]
                return arrived
            if now >= until or (self.closed and not self._written):
                return b""
            self._take(now, until)

    def _take(self, now: float, until: float) -> None:
        """Take a piece from the program when its time has come, or wait for what comes first."""
        events = [until, *(queue[0][0] for queue in (self._typed, self._written) if queue)]
        if self.closed or self.standing or now < self._free_at:
            if not (self.closed or self.standing):
                events.append(self._free_at)
            time.sleep(max(0.0, min(events) - now))
            return
        if not select.select([self._fd], [], [], max(0.0, min(events) - now))[0]:
            return
        size = MOST if self._rate is None else max(1, int(self._rate * PIECE_SECONDS))
        try:
            data = os.read(self._fd, size)
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return
        now = time.monotonic()
        if self._rate is not None:
            self._free_at = max(now, self._free_at) + len(data) / self._rate
        self.carried += len(data)
        self._written.append((now + self._delay, data))
