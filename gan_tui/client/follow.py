"""The dashboard's feed: a thread that follows a run and keeps its newest view."""

from __future__ import annotations

import secrets
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from engine.errors import GanTuiError
from engine.protocol.commands import Command, Viewer
from engine.protocol.events import Event, Tick
from engine.protocol.lineage import ancestry
from engine.protocol.record import is_long
from engine.protocol.rundir import RunDirectory, read_identity
from gan_tui.client.holding import Beats
from gan_tui.client.reading import FullReading, read_past, recorded_up_to
from gan_tui.client.sender import sender_name
from gan_tui.client.stream import EngineState, EventStream
from gan_tui.state.absorb import absorb
from gan_tui.state.history import History
from gan_tui.state.plain_text import printable
from gan_tui.state.run_view import (
    Link,
    Origin,
    RunView,
    with_holder,
    with_link,
    with_past,
    with_reply,
    with_request,
    with_unanswered,
)

CLOSE_SECONDS = 2.0
HEAD_START_SECONDS = 0.5
"""What the screen is given to appear in before the whole of a long record is read, as both need the interpreter."""
LINKS: dict[EngineState, Link] = {"starting": "connecting", "live": "live", "ended": "record", "lost": "lost"}


class Follower:
    """Implements gan_tui.state.feed.Feed for a run directory.

    A long record is skimmed first: the view is complete then, and the curves are drawn from samples. The run is
    followed from there on, and the whole record is read meanwhile, a batch between two looks at the stream.
    """

    def __init__(
        self, run: RunDirectory, engine: subprocess.Popen[bytes] | None = None, *, viewer: Viewer | None = None
    ) -> None:
        """Open nothing yet.

        Args:
            run: which.
            engine: the run's, where this process started it.
            viewer: who steers by this feed, and asks to hold control for it; None for one that watches alone.
        """
        identity = read_identity(run)
        self._run = run
        parent = identity.parent
        origin = Origin(run=printable(Path(parent.run).name), step=parent.step) if parent else None
        self._empty = RunView(name=run.name, method=identity.method, host=identity.host, origin=origin)
        self._viewer = viewer
        if viewer is not None:
            self._empty = replace(self._empty, viewer=viewer.id)
        self._view = self._empty
        self._history = History()
        self._ancestors = ancestry(run)
        self._skimmed = self._is_long()
        self._outgoing: deque[tuple[str, Command]] = deque()
        self._stream = EventStream(run, engine, sparse=self._skimmed)
        self._beats = Beats(self._stream, viewer)
        self._notify: Callable[[], None] = lambda: None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    @property
    def history(self) -> History:
        """See Feed."""
        return self._history

    def start(self, notify: Callable[[], None]) -> None:
        """See Feed."""
        self._notify = notify
        self._thread.start()

    def snapshot(self) -> RunView:
        """See Feed."""
        return self._view

    def send(self, command: Command) -> None:
        """See Feed."""
        self._outgoing.append((secrets.token_hex(8), command))
        self._stream.wake()

    def close(self) -> None:
        """See Feed."""
        self._notify = lambda: None
        self._closing.set()
        self._stream.wake()
        if self._thread.ident is not None:
            self._thread.join(timeout=CLOSE_SECONDS)
        if not self._thread.is_alive():  # else the stream is in use, and goes when the process does
            self._stream.close()

    # ---------------------------------------------------------------------------------------------- in the thread

    def _follow(self) -> None:
        try:
            self._follow_to_the_end(self._stream)
        except (OSError, GanTuiError) as error:
            self._give_up(str(error))
        except Exception as error:  # noqa: BLE001 - the worker's edge: whatever it was, the user is to see it
            self._give_up(f"{type(error).__name__}: {error}")

    def _follow_to_the_end(self, stream: EventStream) -> None:
        stream.open()
        self._read_record(stream.recorded())
        self._show_link()
        reading = FullReading(self._run, self._ancestors) if self._skimmed else None
        due = time.monotonic() + HEAD_START_SECONDS
        retractions = stream.retractions
        while not self._closing.is_set():
            ahead = max(0.0, due - time.monotonic()) if reading and not reading.stalled else None
            messages = stream.wait(ahead)
            if stream.retractions > retractions:
                retractions = stream.retractions
                self._begin_again(_last_before(messages, stream))
                reading = FullReading(self._run, self._ancestors) if self._skimmed else None
            self._take_in(messages)
            self._take_replies()
            self._show_link()
            self._beats.beat(self._view.holder)
            self._send_waiting()
            if reading and time.monotonic() >= due and reading.advance(self._view.last_seq):
                self._history.adopt(reading.history)
                self._notify()
                reading = None
        self._beats.let_go(self._view.holder)

    def _begin_again(self, last_seq: int) -> None:
        """Take in the record up to an event: of what was known, more than that has been retracted."""
        self._skimmed = self._is_long()
        view = self._view
        kept = replace(self._empty, link=view.link, link_detail=view.link_detail, exchanges=view.exchanges)
        self._replace(with_holder(kept, view.holder))
        self._history.adopt(History())
        self._read_record(recorded_up_to(self._run, last_seq, sparse=self._skimmed))

    def _is_long(self) -> bool:
        return any(map(is_long, (self._run, *(ancestor.run for ancestor in self._ancestors))))

    def _read_record(self, batches: Iterable[list[Event]]) -> None:
        """Take in what is recorded, or samples of it."""
        self._history.coarse = self._skimmed
        empty = self._view
        for past in read_past(self._ancestors, self._history, sparse=self._skimmed):
            self._replace(with_past(empty, past))
            if self._closing.is_set():
                return
        for batch in batches:
            self._take_in(batch)
            if self._closing.is_set():
                return

    def _give_up(self, reason: str) -> None:
        view = with_link(self._view, "lost", f"this view follows the run no more ({printable(reason)}); attach anew")
        self._replace(self._without_answers(view))

    def _take_in(self, messages: list[Event] | list[Event | Tick]) -> None:
        if messages:
            self._replace(absorb(self._view, self._history, messages))

    def _show_link(self) -> None:
        view = with_link(self._view, LINKS[self._stream.engine], self._stream.trouble, gone=self._stream.gone)
        self._replace(self._without_answers(view) if self._stream.engine in ("ended", "lost") else view)

    def _without_answers(self, view: RunView) -> RunView:
        for exchange in view.exchanges:
            if exchange.waiting:
                view = with_unanswered(view, exchange.id, "the engine is gone")
        return view

    def _take_replies(self) -> None:
        while self._stream.replies:
            reply = self._stream.replies.pop(0)
            accepted_beat = self._beats.heard(reply) and reply.refusal is None
            if accepted_beat or reply.holder is not None:
                self._replace(with_holder(self._view, reply.holder))
            self._replace(with_reply(self._view, reply))

    def _send_waiting(self) -> None:
        while self._outgoing:
            request_id, command = self._outgoing.popleft()
            self._replace(with_request(self._view, request_id, command))
            if not self._stream.send(request_id, sender_name(), command, self._viewer):
                self._replace(with_unanswered(self._view, request_id, "no engine is there to take it"))

    def _replace(self, view: RunView) -> None:
        if view is not self._view:
            self._view = view
            self._notify()


def _last_before(messages: Sequence[Event | Tick], stream: EventStream) -> int:
    """The number of the event that precedes some messages."""
    return next((message.seq - 1 for message in messages if not isinstance(message, Tick)), stream.last_seq)
