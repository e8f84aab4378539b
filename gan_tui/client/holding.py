"""A viewer's side of holding control: it asks for it once, and gives signs of life for as long as it holds it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from engine.protocol.commands import BEAT_SECONDS, LAPSE_SECONDS, Command, Hold, Release, Reply, Viewer
from engine.protocol.events import Holder
from gan_tui.client.sender import sender_name
from gan_tui.client.stream import EventStream

PERSISTENCE_SECONDS = LAPSE_SECONDS + 2 * BEAT_SECONDS
"""How long a viewer that finds control held goes on asking for it: the holder may be its own predecessor, which a
dropped connection has ended without a word."""


class Beats:
    """Sent over the stream's connection, in the follower's thread.

    Args:
        stream: what carries them.
        viewer: who holds control; None for a viewer that watches alone, which never asks for it.
        clock: seconds.
    """

    def __init__(self, stream: EventStream, viewer: Viewer | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._viewer = viewer
        self._clock = clock
        self._asked: set[str] = set()
        """Signs of life whose answers are still to come."""
        self._connections = 0
        self._beaten = -BEAT_SECONDS
        self._connected = 0.0
        self._had_it = False
        """Whether this viewer has held control of the engine that is at work: what it lost, it does not ask for."""

    def beat(self, holder: Holder | None) -> None:
        """Ask to hold control of an engine that has not been asked yet; of one that was, go on holding it.

        A viewer that was stopped for longer than its hold lasts goes on where it was, if nobody has taken control
        meanwhile.

        Args:
            holder: who holds control, as far as is known.
        """
        if self._viewer is None or self._stream.engine != "live":
            return
        now = self._clock()
        anew = self._stream.connections != self._connections
        if anew:
            self._connections, self._connected, self._had_it = self._stream.connections, now, False
        holds = holder is not None and holder.viewer == self._viewer.id
        self._had_it = self._had_it or holds
        persists = not self._had_it and now - self._connected <= PERSISTENCE_SECONDS
        if anew or ((holds or persists) and now - self._beaten >= BEAT_SECONDS):
            self._beaten = now
            self._send(Hold())

    def heard(self, reply: Reply) -> bool:
        """Whether an answer is one to a sign of life, of which nobody else need hear."""
        if reply.id in self._asked:
            self._asked.discard(reply.id)
            return True
        return False

    def let_go(self, holder: Holder | None) -> None:
        """Let go of control, if this viewer holds it."""
        if self._viewer is not None and holder is not None and holder.viewer == self._viewer.id:
            self._send(Release())

    def _send(self, command: Command) -> None:
        request_id = secrets.token_hex(8)
        if self._stream.send(request_id, sender_name(), command, self._viewer):
            self._asked = {*list(self._asked)[-8:], request_id}
