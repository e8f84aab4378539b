"""A terminal with a screen that can be read: a program in a pseudo-terminal, drawn by an emulator."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from difflib import unified_diff
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

DEADLINE_SECONDS = 90.0
"""How long a screen may take to show something; generous, since test machines are shared."""

KEYS = {"enter": "\r", "escape": "\x1b", "down": "\x1b[B", "up": "\x1b[A", "tab": "\t", "backspace": "\x7f"}


class _Screen(pyte.Screen):
    """Counts the bells."""

    bells = 0

    def bell(self, *args: object) -> None:
        """Hear one."""
        self.bells += 1


class Terminal:
    """Runs a command in a pseudo-terminal of a given size; used as a context manager, it hangs up at the end."""

    def __init__(
        self,
        command: list[str],
        *,
        columns: int = 120,
        rows: int = 40,
        env: dict[str, str] | None = None,
        ignore_sighup: bool = False,
    ) -> None:
        self._screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""
        """All that the program has written."""
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        for name in ("COLUMNS", "LINES"):  # they would be believed before the terminal itself
            environment.pop(name, None)
        self._child = pexpect.spawn(
            command[0], command[1:], dimensions=(rows, columns), env=environment, ignore_sighup=ignore_sighup
        )

    @property
    def name(self) -> str:
        """What people call it, such as pts/3."""
        return str(Path(f"/proc/{self._child.pid}/fd/0").readlink()).removeprefix("/dev/")

    @property
    def text(self) -> str:
        """What the screen shows, line by line."""
        return "\n".join(self._screen.display)

    @property
    def bells(self) -> int:
        """How often its bell has rung."""
        return self._screen.bells

    def press(self, *keys: str) -> None:
        """Type keys, by name or as text."""
        for key in keys:
            self._child.send(KEYS.get(key, key))

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as a user who drags its corner."""
        self._screen.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    def wait_for(self, *texts: str) -> None:
        """Return once the screen shows all the texts. Raises AssertionError, with the screen, when it never does."""
        self.wait_until(lambda: all(text in self.text for text in texts), " and ".join(texts))

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Return once a condition holds, keeping the screen drawn meanwhile."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"never came: {what}\n{self.text}"
            self.draw()

    def wait_for_exit(self) -> int:
        """Draw until the program ends; returns its exit status."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self._child.isalive():
            assert time.monotonic() < deadline, f"does not end\n{self.text}"
            self.draw()
        self.draw()
        self._child.close()
        assert self._child.exitstatus is not None, f"killed by signal {self._child.signalstatus}"
        return int(self._child.exitstatus)

    def hang_up(self) -> None:
        """Close the terminal, as a dropped connection does; returns when the program is gone."""
        self._child.close(force=False)

    def wait_until_full(self) -> None:
        """Return once the terminal takes no more, since nothing of what was written to it has been read."""
        slave = os.open(f"/dev/{self.name}", os.O_WRONLY | os.O_NOCTTY)
        try:
            deadline = time.monotonic() + DEADLINE_SECONDS
            while select.select((), (slave,), (), 0)[1]:
                assert time.monotonic() < deadline, "the program wrote less than a terminal holds"
        finally:
            os.close(slave)

    def vanish(self) -> int:
        """Close the terminal, with no signal but the kernel's own, and wait; returns the program's exit status."""
        self._child.ptyproc.fileobj.close()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self._child.isalive():
            assert time.monotonic() < deadline, "does not end with its terminal"
        assert self._child.exitstatus is not None, f"killed by signal {self._child.signalstatus}"
        return int(self._child.exitstatus)

    def draw(self) -> None:
        """Put on the screen what the program has written; waits a moment for it to write."""
        with suppress(pexpect.TIMEOUT, pexpect.EOF):
            said = self._child.read_nonblocking(1 << 16, timeout=0.05)
            self.written += said
            self._stream.feed(said)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._child.closed:
            self._child.close(force=True)


def same_screen(one: Terminal, other: Terminal) -> None:
    """Return once two terminals show the same, keeping both drawn. Raises AssertionError when they never do."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while one.text != other.text or not one.text.strip():
        assert time.monotonic() < deadline, "never the same:\n" + "\n".join(
            unified_diff(one.text.splitlines(), other.text.splitlines(), n=0)
        )
        one.draw()
        other.draw()
