"""The commands of viewers on other machines that the engine has and has not answered yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from engine.protocol.commands import AtOnce, Command
from engine.protocol.wire import COMMAND_SECONDS

LIMIT = 500
"""Commands of all viewers together."""
PROMPT_ROOM = 100
"""Places beyond these that only those take which wait for no step."""


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who is to hear the answer, and as the answer to what."""

    sender: bytes
    """The viewer, as the socket names it."""
    call_id: str
    request_id: str
    """As the viewer chose it."""


class WaitingCommands:
    """Whose the answers are that the engine will give.

    A command whose answer is lost would keep its place for ever. So those that nobody waits for any more give way,
    once the places are taken; until then an answer that comes late has somewhere to go.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._askers: dict[str, tuple[float, Asker]] = {}
        """By the id under which the engine has the command, with when it was given; the oldest first."""

    def has_room(self, command: Command) -> bool:
        """Whether one more can be given to the engine, if need be in the place of one that nobody waits for."""
        limit = LIMIT + PROMPT_ROOM if isinstance(command, get_args(AtOnce)) else LIMIT
        patience_ended = self._clock() - COMMAND_SECONDS
        while len(self._askers) >= limit:
            oldest = next(iter(self._askers))
            if self._askers[oldest][0] > patience_ended:
                return False
            del self._askers[oldest]
        return True

    def add(self, request_id: str, asker: Asker) -> None:
        """Remember who asked, when the engine has been given the command under an id."""
        self._askers[request_id] = (self._clock(), asker)

    def take(self, request_id: str) -> Asker | None:
        """Who is to hear the answer that has come; None where nobody waits for it."""
        return self._askers.pop(request_id, (0.0, None))[1]

    def __len__(self) -> int:
        return len(self._askers)
