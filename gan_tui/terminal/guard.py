"""Ends the viewer when its terminal does: Textual itself may spin for ever on a closed pty."""

from __future__ import annotations

import os
import select
import sys
import threading

HANGUP_STATUS = 129
"""Exit status of a program that a hang-up ended: 128 + SIGHUP."""


def start(fd: int | None = None) -> threading.Thread | None:
    """Watch a terminal from a daemon thread and end this process at once when it is gone.

    The process is ended by os._exit: an orderly exit would write to the terminal and wait for it. A viewer owns
    nothing that could be lost. Returns None where there is no terminal to watch.
    """
    fd = sys.stdin.fileno() if fd is None else fd
    if not os.isatty(fd):
        return None
    thread = threading.Thread(target=_watch, args=(fd,), name="watch the terminal", daemon=True)
    thread.start()
    return thread


def _watch(fd: int) -> None:
    gone = select.POLLHUP | select.POLLERR | select.POLLNVAL
    poller = select.poll()
    poller.register(fd, 0)  # hang-up and errors are always reported; without POLLIN key presses wake nobody
    while True:
        if any(happened & gone for _, happened in poller.poll()):
            os._exit(HANGUP_STATUS)
