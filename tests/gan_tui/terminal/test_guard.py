"""The guard ends the process when its terminal is closed, also where SIGHUP is ignored."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from gan_tui.terminal.guard import HANGUP_STATUS

PROGRAM = """
import signal, threading
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from gan_tui.terminal import guard
guard.start()
print("ready", flush=True)
threading.Event().wait()
"""


def test_a_closed_terminal_ends_the_process() -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=slave, stdout=subprocess.PIPE)
    os.close(slave)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.close(master)
    assert process.wait(timeout=20) == HANGUP_STATUS
    process.stdout.close()


def test_without_a_terminal_there_is_nothing_to_watch() -> None:
    program = "from gan_tui.terminal import guard; raise SystemExit(0 if guard.start() is None else 1)"
    done = subprocess.run([sys.executable, "-c", program], stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0
