"""A feed that replays events, and that can answer commands as an engine would."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.commands import Command, Refusal, Reply
from gan_tui.state.absorb import absorb
from gan_tui.state.history import History
from gan_tui.state.run_view import (
    Link,
    Origin,
    RunView,
    with_holder,
    with_link,
    with_reply,
    with_request,
    with_unanswered,
)


class FakeFeed:
    """Implements Feed without a thread: ``play`` is the engine's side. ``sent`` holds the commands asked for."""

    def __init__(
        self,
        messages: Iterable[ev.Event | ev.Tick] = (),
        *,
        link: Link = "live",
        name: str = "horse2zebra",
        origin: Origin | None = None,
        viewer: str = "me",
    ) -> None:
        self.history = History()
        self.sent: list[Command] = []
        self.closed = False
        self._notify: Callable[[], None] = lambda: None
        start = RunView(name=name, method="cyclegan", link=link, origin=origin, viewer=viewer)
        self._view = absorb(start, self.history, messages)

    def start(self, notify: Callable[[], None]) -> None:
        """Remember whom to tell."""
        self._notify = notify

    def snapshot(self) -> RunView:
        """The newest view."""
        return self._view

    def send(self, command: Command) -> None:
        """Note a command; it waits until ``answer`` or ``refuse``."""
        self.sent.append(command)
        self._view = with_request(self._view, str(len(self.sent)), command)

    def close(self) -> None:
        """Note that the dashboard is done."""
        self.closed = True

    # ------------------------------------------------------------------------------- the engine's side

    def play(self, *messages: ev.Event | ev.Tick) -> None:
        """Let events arrive."""
        self._view = absorb(self._view, self.history, messages)
        self._notify()

    def answer(self, message: str = "") -> None:
        """Answer the newest command."""
        self._reply(Reply(version=cmd.SCHEMA_VERSION, id=str(len(self.sent)), step=self._view.step, message=message))

    def refuse(self, subject: str, fact: str, fix: str = "") -> None:
        """Refuse the newest command."""
        refusal = Refusal(subject=subject, fact=fact, fix=fix)
        self._reply(Reply(version=cmd.SCHEMA_VERSION, id=str(len(self.sent)), step=self._view.step, refusal=refusal))

    def leave_unanswered(self, problem: str) -> None:
        """Let the newest command go without an answer."""
        self._view = with_unanswered(self._view, str(len(self.sent)), problem)
        self._notify()

    def hand_to(self, holder: ev.Holder | None) -> None:
        """Let a viewer hold control, or nobody."""
        self._view = with_holder(self._view, holder)
        self._notify()

    def relink(self, link: Link, detail: str = "") -> None:
        """Change where the view comes from."""
        self._view = with_link(self._view, link, detail)
        self._notify()

    def _reply(self, reply: Reply) -> None:
        self._view = with_reply(self._view, reply)
        self._notify()
