"""The writer's thread on a pseudo-terminal: who writes never waits, and what is read is the newest."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator

import pyte
import pytest

from gan_tui.terminal.writer import FrameWriter
from tests.until import until

SIZE = (40, 10)


class Screen:
    """The other end of a pseudo-terminal, read when it is asked to."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.read = b""
        self.screen = pyte.Screen(*SIZE)
        self._stream = pyte.ByteStream(self.screen)

    def take(self) -> str:
        """Read what there is; returns what the screen shows."""
        try:
            while data := os.read(self.master, 65536):
                self.read += data
                self._stream.feed(data)
        except BlockingIOError:
            pass
        return "\n".join(self.screen.display)

    def shows(self, text: str) -> None:
        """Read until the screen shows a text."""
        until(lambda: text in self.take(), text)


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    os.close(screen.master)
    os.close(screen.slave)


def row(text: str, y: int = 0) -> str:
    return f"\x1b[{y + 1};1H{text}\x1b[0m"


def frame(number: int) -> str:
    """A frame in which every cell differs from those of the frames around it."""
    return "".join(row(f"frame {number} ".ljust(SIZE[0], chr(ord("a") + number % 26)), y) for y in range(SIZE[1]))


def test_a_terminal_that_stands_still_holds_nobody_up_and_is_sent_the_newest_alone(screen: Screen) -> None:
    writer = FrameWriter(screen.slave, queued=lambda: None)
    writer.start()
    for number in range(5000):  # two megabytes, of which the kernel takes 20 kB
        writer.write(frame(number), SIZE)
    screen.shows("frame 4999")
    assert screen.take().count("frame 4999") == SIZE[1]
    assert len(screen.read) < 5000 * len(frame(0)) / 4, "stale frames were dropped"
    writer.stop()


def test_a_terminal_that_does_not_block_is_sent_everything(screen: Screen) -> None:
    os.set_blocking(screen.slave, False)
    writer = FrameWriter(screen.slave, queued=lambda: None)
    writer.start()
    pieces = [b"<picture>" * 10_000, b"<end>"]  # the first is more than the kernel takes at once
    writer.after_frame("picture", *pieces)
    until(lambda: screen.take() and pieces[-1] in screen.read, "the end")
    writer.stop()
    assert screen.read == b"".join(pieces)


def test_bytes_after_a_frame_come_after_it_and_the_newest_of_a_kind_only(screen: Screen) -> None:
    writer = FrameWriter(screen.slave, queued=lambda: None)
    writer.start()
    for number in range(500):  # nobody reads: what comes now waits
        writer.write(frame(number), SIZE)
    writer.after_frame("bell", b"\x07")
    writer.after_frame("picture", b"<old>")
    writer.after_frame("gone", b"<gone>")
    writer.after_frame("gone")
    writer.after_frame("picture", b"<one>", b"<two>")
    writer.write(row("cells"), SIZE)
    until(lambda: screen.take() and b"<two>" in screen.read, "the picture")
    assert screen.read.index(b"cells") < screen.read.index(b"\x07") < screen.read.index(b"<one><two>")
    assert b"<old>" not in screen.read
    assert b"<gone>" not in screen.read
    writer.stop()


def test_it_is_told_once_all_is_sent_and_at_once_where_nothing_waits(screen: Screen) -> None:
    writer = FrameWriter(screen.slave)
    told: list[str] = []
    writer.start()
    writer.write(frame(1), SIZE)

    def look() -> None:
        """In the writer's thread, which sends nothing meanwhile: what is not sent yet would never come."""
        until(lambda: screen.take().count("frame 1") == SIZE[1], "the whole frame")
        told.append("sent")

    writer.once_sent(look)
    until(lambda: len(told) == 1, "the call")
    writer.once_sent(lambda: told.append("idle"))
    until(lambda: len(told) == 2, "the next call")
    writer.once_sent(lambda: told.append("at the end"))
    writer.stop()
    assert told[1:] == ["idle", "at the end"]


def test_after_a_change_of_size_the_screen_is_sent_again(screen: Screen) -> None:
    writer = FrameWriter(screen.slave, queued=lambda: None)
    writer.start()
    writer.write(row("as it was"), SIZE)
    screen.shows("as it was")
    screen.screen.reset()
    writer.write(row("and more", 3), (SIZE[0], SIZE[1] - 1))
    screen.shows("and more")
    assert "as it was" in screen.take()
    screen.screen.reset()
    writer.send_anew(SIZE)  # the terminal was smaller for a moment, and nobody has drawn since
    screen.shows("as it was")
    writer.stop()


def test_a_queue_that_is_full_holds_back_all_but_what_a_key_has_caused(screen: Screen) -> None:
    """The queue grows to a hundred kilobytes behind the terminal, which itself takes everything, and stays."""
    queued = 0
    writer = FrameWriter(screen.slave, queued=lambda: queued)
    writer.start()
    writer.write(row("before"), SIZE)
    screen.shows("before")
    queued = 100_000
    until(lambda: writer.write(frame(len(screen.read)), SIZE) or (screen.take() and writer.slow()), "slow")
    writer.write(row("pressed", 5), SIZE, urgent=True)
    screen.shows("pressed")
    assert writer.stretch() > 1
    queued = 0
    writer.write(frame(7), SIZE)
    until(lambda: screen.take().count("frame 7") == SIZE[1], "the rest")
    writer.stop()


def test_a_stop_sends_what_is_left_and_a_dead_terminal_ends_it(screen: Screen) -> None:
    writer = FrameWriter(screen.slave, queued=lambda: None)
    writer.start()
    writer.write(row("the end"), SIZE)
    writer.stop()
    assert "the end" in screen.take()
    writer.stop()  # a second one does nothing
