"""Textual's driver for POSIX terminals, with everything that is written sent by a FrameWriter."""

from __future__ import annotations

import curses
import signal
import sys
from time import monotonic
from types import FrameType
from typing import ClassVar

from textual import events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from gan_tui.terminal.pictures import TerminalPictures
from gan_tui.terminal.writer import FrameWriter

PROMPT_SECONDS = 1.0
"""What is drawn within that time of a key or click goes out first: it is probably what that has caused."""


class ThriftyDriver(LinuxDriver):
    """To be used by a class that says which writer it is; see ``driver_for``."""

    writer: ClassVar[FrameWriter]
    pictures: ClassVar[TerminalPictures | None] = None

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        self._touched = float("-inf")
        super().__init__(app, debug=debug, mouse=mouse, size=size)

    def write(self, data: str) -> None:
        """Have the data shown.

        The size is asked for here, where it matters, as a terminal of another size shows who knows what: Textual learns
        of a new one by a signal or in the input, depending on the terminal.
        """
        urgent = monotonic() - self._touched < PROMPT_SECONDS
        self.writer.write(data, self._get_terminal_size(), urgent=urgent)

    def process_message(self, message: Message) -> None:
        """Note when the user has done something."""
        if isinstance(message, events.InputEvent) and not isinstance(message, events.MouseMove):
            self._touched = monotonic()
        super().process_message(message)

    def start_application_mode(self) -> None:
        """Begin, or go on after a suspension, and after a SIGSTOP, which announces none.

        Then the thread that reads keys is still there. Of two such threads one would wait for ever for what the other
        has read, and the end of the application for it.
        """
        if self._key_thread is not None and self._key_thread.is_alive():
            self.exit_event.set()
            self._key_thread.join()
            self.exit_event.clear()
        self.writer.stop()
        self.writer.start()
        if self.pictures is not None:
            self.pictures.restore()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:  # Textual's own, which has had nothing to write
            self._writer_thread.stop()
            self._writer_thread = None
        self._hear_of_sizes()

    def _hear_of_sizes(self) -> None:
        """Send all of the screen again whenever the size has changed.

        Textual draws nothing where it has changed back before it looked, and the terminal may have cut its rows.
        """
        textual_hears = signal.getsignal(signal.SIGWINCH)

        def hear(number: int, frame: FrameType | None) -> None:
            self._loop.call_soon_threadsafe(lambda: self.writer.send_anew(self._get_terminal_size()))
            if callable(textual_hears):
                textual_hears(number, frame)

        signal.signal(signal.SIGWINCH, hear)

    def stop_application_mode(self) -> None:
        """Leave the terminal as it was found, without pictures."""
        if self.pictures is not None and (deletions := self.pictures.farewell()):
            self.write(deletions)
        super().stop_application_mode()

    def close(self) -> None:
        """Send what is left to be sent."""
        self.writer.stop()
        super().close()


def driver_for(frames: FrameWriter, drawn: TerminalPictures | None = None) -> type[ThriftyDriver]:
    """A driver class, as Textual makes the driver itself, whose drivers write by that writer.

    Args:
        frames: that writer.
        drawn: pictures that the terminal draws itself.
    """

    class Driver(ThriftyDriver):
        writer = frames
        pictures = drawn

    return Driver


def this_terminal() -> FrameWriter:
    """A writer to the terminal that Textual draws on: standard error. That there is one has been looked at before."""
    assert sys.__stderr__ is not None
    fd = sys.__stderr__.fileno()
    return FrameWriter(fd, erases_in_colour=_erases_in_colour(fd))


def _erases_in_colour(fd: int) -> bool:
    try:
        curses.setupterm(fd=fd)
    except curses.error:  # a terminal that nobody has described
        return False
    return curses.tigetflag("bce") > 0
