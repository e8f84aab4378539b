"""Dashboards in pseudo-terminals that are read all the time, as a terminal reads them."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pexpect
import psutil

from engine.protocol.rundir import RunDirectory

from .engine import GAN_TUI, PATIENCE

SIZE = (40, 120)
SETTLE_SECONDS = 2.0
"""After the first paint: the record is read, the first pictures are drawn."""


class Viewer:
    """`gan-tui attach` in a pseudo-terminal."""

    def __init__(self, run: RunDirectory) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        arguments = [*GAN_TUI[1:], "attach", str(run.root)]
        self._child = pexpect.spawn(GAN_TUI[0], arguments, dimensions=SIZE, env=environment, timeout=PATIENCE)
        self._process = psutil.Process(self._child.pid)
        self._painted = threading.Event()
        self._name = run.name.encode()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_until_it_shows_the_run(self) -> None:
        """Until its screen has the run's name on it."""
        if not self._painted.wait(PATIENCE):
            sys.exit("a dashboard never showed the run")

    @property
    def processor_s(self) -> float:
        """What it has computed so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        """Stop it as Ctrl-Z does: it reads no more of what the engine sends it."""
        self._child.kill(signal.SIGSTOP)

    def close(self) -> None:
        """Detach, be it by force."""
        with contextlib.suppress(OSError):
            self._child.kill(signal.SIGCONT)
            self._child.send("q")
        self._reader.join(10.0)
        self._child.close(force=True)

    def _read(self) -> None:
        newest = b""
        while True:
            try:
                newest = newest[-200:] + self._child.read_nonblocking(1 << 16, timeout=1.0)
            except pexpect.TIMEOUT:
                continue
            except (pexpect.EOF, OSError):
                return
            if self._name in newest:
                self._painted.set()


@contextlib.contextmanager
def watching(run: RunDirectory, viewers: int, stopped: int) -> Iterator[list[Viewer]]:
    """So many dashboards on a run, and as many others that are stopped, for as long as the block lasts."""
    with ExitStack() as open_viewers:
        found = []
        for _ in range(viewers + stopped):
            found.append(Viewer(run))
            open_viewers.callback(found[-1].close)
        for viewer in found:
            viewer.wait_until_it_shows_the_run()
        time.sleep(SETTLE_SECONDS)
        for viewer in found[viewers:]:
            viewer.stop()
        yield found
