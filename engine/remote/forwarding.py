"""The commands of a mirror's viewer, on their way to the distant engine and its answers on theirs back."""

from __future__ import annotations

import contextlib
import threading

from msgspec.structs import replace

from engine.errors import GanTuiError
from engine.link import Envelope, Link, Mailbox
from engine.protocol.access import Access
from engine.protocol.commands import SCHEMA_VERSION, Hold, Refusal, Release, Reply, Request
from engine.protocol.wire import ANSWER_SECONDS, COMMAND_SECONDS, Ask, Caller

FAREWELL_SECONDS = 2.0
"""How long it may take to let go of control when the viewer is gone."""


class Forwarding:
    """Takes what a viewer asks of the link that stands in for its engine.

    Args:
        access: how to reach the engine.
        link: where the viewer asks.
    """

    def __init__(self, access: Access, link: Link) -> None:
        self._access = access
        self._link = link
        self._held_by: Request | None = None
        """The viewer's newest request to hold control, until it has let go."""

    def begin(self) -> None:
        """In threads of their own: an engine answers at the end of a step, and neither the record nor the sign of life
        of whoever holds control is to wait for that."""
        for mailbox, seconds in ((self._link.mailbox, COMMAND_SECONDS), (self._link.at_once, ANSWER_SECONDS)):
            threading.Thread(target=self._forward, args=(mailbox, seconds), name="forward", daemon=True).start()

    def let_go(self) -> None:
        """Let go of control for a viewer that is gone, in case it could not say so itself."""
        asked, self._held_by = self._held_by, None
        if asked is None:
            return
        release = replace(asked, id=f"{asked.id[:60]}-end", command=Release())
        with contextlib.suppress(GanTuiError), Caller(self._access) as caller:
            caller.call(Ask(request=release), FAREWELL_SECONDS)

    def _forward(self, mailbox: Mailbox, seconds: float) -> None:
        with Caller(self._access) as caller:
            while True:
                for envelope in mailbox.wait(seconds=3600):
                    if isinstance(envelope.request.command, Hold):
                        self._held_by = envelope.request
                    self._link.reply(envelope, answer_to(envelope, caller, seconds))


def answer_to(envelope: Envelope, caller: Caller, seconds: float) -> Reply:
    """What the distant engine says to a command, or why nothing."""
    request = envelope.request
    try:
        told, _ = caller.call(Ask(request=request), seconds)
    except GanTuiError as error:
        refusal = Refusal(subject=error.subject, fact=error.fact, fix=error.fix)
        return Reply(version=SCHEMA_VERSION, id=request.id, step=0, refusal=refusal)
    return told.reply
