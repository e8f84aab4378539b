"""Starting the gateway beside an engine, and ending it."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import subprocess
import sys

from engine.protocol.access import split_listen
from engine.protocol.rundir import RunDirectory

log = logging.getLogger(__name__)

BEGIN_SECONDS = 20.0
END_SECONDS = 6.0


class GatewayChild:
    """The gateway process of a run whose engine this process is; ends with it.

    Args:
        run: the run, of which run.json names the engine's addresses already.
        listen: ``run.listen``; nothing is started where that is empty.
    """

    def __init__(self, run: RunDirectory, listen: str) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._trouble = ""
        if not listen:
            return
        host, port = split_listen(listen)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "engine.remote.gateway", str(run.root), host, str(port)],
                stdin=subprocess.PIPE,  # of which the other end closes with this process, however that ends
                stdout=subprocess.PIPE,
            )
        except OSError as error:
            self._trouble = f"{sys.executable} cannot be started ({error.strerror})"

    def trouble(self) -> str:
        """Why nobody can be answered; empty once calls are. Waits until one or the other is known, and not for ever."""
        if self._process is None or self._trouble:
            return self._trouble
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], BEGIN_SECONDS)[0]:
            return f"it has not begun within {BEGIN_SECONDS:g} s"
        line = os.read(self._process.stdout.fileno(), 4096).decode(errors="replace")
        return "it ended before it began; engine.log may say why" if not line else line.strip()

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
