"""Sends the newest screen to the terminal, from a thread of its own, as fast as the terminal takes it."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

from gan_tui.terminal import budget as budgets
from gan_tui.terminal import link as links
from gan_tui.terminal.budget import Spent
from gan_tui.terminal.diff import TerminalDiff
from gan_tui.terminal.link import LinkState
from gan_tui.terminal.ssh_queue import SshQueue

LEAVE_SECONDS = 2.0
"""A terminal that takes nothing for so long is left as it is at the end."""
LOOK_SECONDS = 0.5
"""While sending is held back, the link is looked at again after no more than that."""
REFRESH_SECONDS = 0.15
"""After a change of size, Textual is given so long to draw the screen anew, before what there is goes out."""
_ERRORS = select.POLLERR | select.POLLHUP | select.POLLNVAL


class FrameWriter:
    """Implements gan_tui.state.outlet.Outlet for a terminal.

    ``write`` changes what the terminal is to show, and never waits. The thread sends what differs from what it has
    sent, when the terminal takes it: of many screens that came meanwhile that is the newest. A terminal that stands
    still therefore costs no memory, and delays nobody but itself.
    """

    def __init__(
        self, fd: int, queued: Callable[[], int | None] | None = None, *, erases_in_colour: bool = False
    ) -> None:
        """Open nothing.

        Args:
            fd: the terminal.
            queued: bytes that wait behind the terminal, as far as that can be seen.
            erases_in_colour: see TerminalDiff.
        """
        self._fd = fd
        self._queued = queued or SshQueue()
        self._diff = TerminalDiff(erases_in_colour=erases_in_colour)
        self._after: dict[str, deque[bytes]] = {}
        self._once_sent: list[Callable[[], object]] = []
        self.overlay: Callable[[TerminalDiff], bytes] | None = None
        """Draws over cells whose marks have been sent, one picture at a time; b"" when there is no more."""
        self._something = threading.Condition()
        """Held while anything here is read or changed; notified when there is something to do."""
        self._link = LinkState()
        self._spent = Spent()
        self._not_before = 0.0
        self._stopping: float | None = None
        """When stopping began."""
        self._thread: threading.Thread | None = None

    # ---------------------------------------------------------------------------------------------- from any thread

    def start(self) -> None:
        """Begin, or go on after a stop; the terminal shows anything."""
        with self._something:
            self._diff.forget()
            self._after.clear()
            self._stopping = None
            self._link = LinkState()
            self._thread = threading.Thread(target=self._run, name="write the terminal", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Send what is left and end the thread; of a terminal that stands still it is only told that it is over."""
        if self._thread is None:
            return
        with self._something:
            self._stopping = monotonic()
            self._something.notify()
        self._thread.join(LEAVE_SECONDS + LOOK_SECONDS)
        self._thread = None

    def write(self, data: str, size: tuple[int, int], *, urgent: bool = False) -> None:
        """Have the terminal, of so many columns and rows, look as if the data had been written to it."""
        with self._something:
            if size != self._diff.size:
                self._resize(size)
            self._diff.take(data, urgent=urgent)
            self._something.notify()

    def send_anew(self, size: tuple[int, int]) -> None:
        """Have all of it sent again: the terminal has changed its size, perhaps back to what it was."""
        with self._something:
            self._resize(size)
            self._something.notify()

    def after_frame(self, key: str, *pieces: bytes) -> None:
        """See Outlet."""
        with self._something:
            self._after.pop(key, None)
            if pieces:
                self._after[key] = deque(pieces)
                self._something.notify()

    def soil(self, x: int, y: int, width: int, height: int) -> None:
        """See Outlet."""
        with self._something:
            self._diff.soil(x, y, width, height)
            self._something.notify()

    def once_sent(self, call: Callable[[], object]) -> None:
        """See Outlet."""
        with self._something:
            self._once_sent.append(call)
            self._something.notify()

    def slow(self) -> bool:
        """See Outlet."""
        return links.slow(self._link, monotonic())

    def stretch(self) -> float:
        """See Outlet."""
        link = self._link
        return budgets.stretch(self._spent, monotonic(), self._allowed(link), link)

    def _resize(self, size: tuple[int, int]) -> None:
        if self._diff.size is not None:
            self._not_before = monotonic() + REFRESH_SECONDS
        self._diff.resized(size)

    # ------------------------------------------------------------------------------------------------ in the thread

    def _run(self) -> None:
        while self._wait_for_something():
            hold = self._held_back()
            if hold > 0:
                with self._something:
                    self._something.wait(min(hold, LOOK_SECONDS))
                continue
            self._link = links.began(self._link, monotonic())
            if not self._wait_until_it_takes():
                return
            data = self._next()
            if not self._send(data):
                return
            now = monotonic()
            self._link = links.wrote(self._link, now, len(data))
            self._spent = budgets.spend(self._spent, now, len(data), self._allowed(self._link))

    def _wait_for_something(self) -> bool:
        """Return once there is something to send; False when it is over, or another thread does this."""
        while True:
            with self._something:
                if self._thread is not threading.current_thread():
                    return False
                if self._diff.pending or self._after or (self.overlay is not None and self._diff.marks):
                    return True
                if not self._once_sent:
                    if self._stopping is not None:
                        return False
                    self._something.wait()
                calls, self._once_sent = self._once_sent, []
            for call in calls:
                call()

    def _held_back(self) -> float:
        """Seconds that what there is to send is to wait."""
        if self._stopping is not None:
            return 0.0
        now = monotonic()
        if now < self._not_before:
            return self._not_before - now
        if (queued := self._queued()) is not None:
            self._link = links.queue_seen(self._link, now, queued)
        return 0.0 if self._diff.urgent else budgets.hold(self._link, now)

    def _wait_until_it_takes(self) -> bool:
        """Return once the terminal takes more; False when it is gone, or when it is over and it still does not."""
        poller = select.poll()
        poller.register(self._fd, select.POLLOUT)
        while True:
            happened = poller.poll(int(LOOK_SECONDS * 1000))
            if happened:
                return not happened[0][1] & _ERRORS
            if self._stopping is not None and monotonic() - self._stopping > LEAVE_SECONDS:
                return False

    def _next(self) -> bytes:
        """What is to go next: cells, and when all are there, what goes after them."""
        with self._something:
            if self._diff.pending:
                return self._diff.drain(budgets.chunk(self._link)).encode()
            if self.overlay is not None and (drawn := self.overlay(self._diff)):
                return drawn
            if not self._after:
                return b""
            key = next(iter(self._after))
            piece = self._after[key].popleft()
            if not self._after[key]:
                del self._after[key]
            return piece

    def _send(self, data: bytes) -> bool:
        """Write all of it, in parts where the terminal was set not to block; False as ``_wait_until_it_takes``."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:  # a program before this one, or beside it, has set that, and not back
                if not self._wait_until_it_takes():
                    return False
            except OSError:  # the terminal is gone: the guard ends the program
                return False
        return True

    def _allowed(self, link: LinkState) -> float:
        columns, rows = self._diff.size or (80, 24)
        return budgets.budget(columns * rows, link.rate)
