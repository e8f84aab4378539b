"""What the user does, in turn: each is handled when what the one before it has caused is done."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeVar

from textual import events, on
from textual.app import App
from textual.dom import DOMNode
from textual.driver import Driver
from textual.message import Message

Returned = TypeVar("Returned")

ROUNDS = 3
"""What a key causes sends messages that cause others: so many of them, one after another, are waited for."""
PATIENCE_SECONDS = 0.25
"""A look that is lost with the screen that it went through is missed after so long."""
_IN_TURN = (events.Key, events.Paste, events.MouseDown, events.MouseUp)


class Look(Message):
    """Goes the way that a key goes, behind it: when it comes back, what was on that way has been done."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class InTurn(App[Returned]):
    """An application that can be typed ahead of.

    Textual hands keys, pastes and clicks on as they come. Over a slow link they come in bursts, and one that opens a
    dialog has not opened it when the next is there: of ``=0.7`` the figures would be lost, or be keys of the screen
    beneath.
    """

    def __init__(self, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self._typed: deque[events.Event] = deque()
        self._looks = 0
        self._awaited: int | None = None
        """The look that is to come back. One that was missed may come back, too, once the next key is being handled."""
        self._rounds = 0
        """How many looks more are to come back before the next one's turn; 0 while nothing is being handled."""
        self._place: tuple[DOMNode, ...] = ()
        """Where the last look was sent to."""
        self._missed: asyncio.TimerHandle | None = None

    @property
    def at_rest(self) -> bool:
        """Whether all that was typed has been handled, as far as can be told."""
        return not self._typed and not self._rounds

    async def on_event(self, event: events.Event) -> None:
        """Have what the user does wait for its turn; leave all else to Textual."""
        if not isinstance(event, _IN_TURN) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if not self._rounds:
            await self._next()

    async def _next(self) -> None:
        self._rounds = 0
        if self._typed:
            await super().on_event(self._typed.popleft())
            self._rounds = ROUNDS
            self._look()

    def _look(self) -> None:
        self._looks += 1
        self._awaited = self._looks
        self._place = self._focus()
        (self._place or (self,))[-1].post_message(Look(self._looks))
        self._missed = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self.post_message, Look(self._looks))

    @on(Look)
    async def _looked(self, look: Look) -> None:
        if look.number != self._awaited:
            return
        self._awaited = None
        if self._missed is not None:
            self._missed.cancel()
        self._rounds = self._rounds - 1 if self._focus() == self._place else ROUNDS
        if self._rounds:
            self._look()
        else:
            await self._next()

    def _focus(self) -> tuple[DOMNode, ...]:
        """The screen on top, and what has its focus."""
        if not self._screen_stack:
            return ()
        screen = self._screen_stack[-1]
        return (screen,) if screen.focused is None else (screen, screen.focused)
