"""Starting the gateway beside an engine, and ending it."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import subprocess
import sys
import time

from engine.errors import GanTuiError
from engine.protocol.access import read_door, split_listen
from engine.protocol.rundir import RunDirectory, read_identity

log = logging.getLogger(__name__)

BEGIN_SECONDS = 20.0
END_SECONDS = 6.0
ANEW_SECONDS = 30.0
"""One that was started anew and lived no longer is not started once more."""


class GatewayChild:
    """The gateway process of a run whose engine this process is; ends with it.

    Args:
        run: the run, of which run.json names the engine's addresses already.
        listen: ``run.listen``; nothing is started where that is empty.
    """

    def __init__(self, run: RunDirectory, listen: str) -> None:
        self._run = run
        self._process: subprocess.Popen[bytes] | None = None
        self._trouble = ""
        self._anew = float("-inf")
        """When it was last started in place of one that had died."""
        self._answers = False
        """Whether it is to be there: it has begun, and has not been given up."""
        if listen:
            self._host, self._port = split_listen(listen)
            self._start(self._port)

    def trouble(self) -> str:
        """Why nobody can be answered; empty once calls are. Waits until one or the other is known, and not for ever."""
        if self._process is None or self._trouble:
            return self._trouble
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], BEGIN_SECONDS)[0]:
            return f"it has not begun within {BEGIN_SECONDS:g} s"
        line = os.read(self._process.stdout.fileno(), 4096).decode(errors="replace")
        self._answers = line.isspace()
        return "it ended before it began; engine.log may say why" if not line else line.strip()

    def died(self) -> str:
        """How it has ended by itself, told once; it is started anew at its port, unless that was done a moment ago."""
        if self._process is None or not self._answers or (status := self._process.poll()) is None:
            return ""
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        now = time.monotonic()
        self._answers = now - self._anew > ANEW_SECONDS
        self.close()
        if self._answers:
            self._anew = now
            self._start(self._port_until_now())
        return how

    @property
    def answers(self) -> bool:
        """Whether one is there, or has just been started."""
        return self._answers and not self._trouble

    def _start(self, port: int) -> None:
        command = [sys.executable, "-P", "-m", "engine.remote.gateway", str(self._run.root), self._host, str(port)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # of which the other end closes with this process, however that ends
                stdout=subprocess.PIPE,
            )
        except OSError as error:
            self._trouble = f"{sys.executable} cannot be started ({error.strerror})"

    def _port_until_now(self) -> int:
        """Access files name it, also where any port would have done at first."""
        try:
            door = read_door(self._run, read_identity(self._run))
        except GanTuiError:
            return self._port
        return door.port if door is not None else self._port

    def close(self) -> None:
        """End it, once viewers have had the time to see that the run has ended."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdout.close()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("the gateway did not end by itself")
            self._process.kill()
            self._process.wait()
