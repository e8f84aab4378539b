"""`gan-tui attach` at one end of a line, and a screen at the other."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import pexpect
import psutil
import pyte

from .line import Line

GAN_TUI = [sys.executable, "-c", "from gan_tui.cli import main; main()"]
PATIENCE = 120.0


class Viewer:
    """A dashboard on a run; detached at the end of the block."""

    def __init__(
        self, run: str, size: tuple[int, int], *, delay: float = 0.0, rate: float | None = None, drawn: bool = True
    ) -> None:
        """Start it.

        Args:
            run: path of the run directory.
            size: columns and rows.
            delay: of its line, in seconds one way.
            rate: of its line, in bytes a second.
            drawn: whether its screen is drawn, which costs this process more time than the dashboard itself.
        """
        columns, rows = size
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONDONTWRITEBYTECODE": ""}
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            environment.pop(name, None)
        self.begun = time.monotonic()
        self._child = pexpect.spawn(
            GAN_TUI[0], [*GAN_TUI[1:], "attach", run], dimensions=(rows, columns), env=environment
        )
        self.line = Line(self._child.child_fd, delay=delay, rate=rate)
        self.drawn = drawn
        self._process = psutil.Process(self._child.pid)
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def rows(self) -> list[str]:
        """What the screen shows."""
        return list(self._screen.display)

    @property
    def processor_s(self) -> float:
        """What the dashboard has computed so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def draw(self, seconds: float) -> bool:
        """Put on the screen what comes within that time, or at once what has come; False when nothing has."""
        data = self.line.carry(seconds)
        if data and self.drawn:
            self._stream.feed(data)
        return bool(data)

    def watch(self, seconds: float) -> int:
        """Look on for so long; bytes that were taken meanwhile."""
        before, until = self.line.carried, time.monotonic() + seconds
        while (rest := until - time.monotonic()) > 0:
            self.draw(rest)
        return self.line.carried - before

    def until(self, condition: Callable[[list[str]], bool], what: str) -> float:
        """Look on until the screen fulfils a condition; returns when it did, of a monotonic clock."""
        give_up = time.monotonic() + PATIENCE
        while not condition(self.rows):
            if time.monotonic() > give_up:
                sys.exit(f"the screen never came: {what}\n" + "\n".join(self.rows))
            self.draw(0.05)
        return time.monotonic()

    def until_quiet(self, seconds: float = 1.0) -> None:
        """Look on until nothing has come for so long."""
        give_up = time.monotonic() + PATIENCE
        while self.draw(seconds):
            if time.monotonic() > give_up:
                sys.exit("the dashboard never falls silent")

    def draw_anew(self) -> None:
        """Change the terminal's size for a moment, and take from the screen whatever was on it."""
        columns, rows = self._screen.columns, self._screen.lines
        self._screen.reset()
        self._child.setwinsize(rows, columns - 1)
        self._child.setwinsize(rows, columns)
        self.until(lambda lines: bool(lines[0].strip()), "the screen, drawn anew")
        self.until_quiet()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.line.standing = False
        self.line.type("q")
        give_up = time.monotonic() + 15.0
        while not self.line.closed and time.monotonic() < give_up:
            self.line.carry(0.2)
        self._child.close(force=True)
