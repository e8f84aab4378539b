"""The end of a run's engine.log, and what is written to it from then on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from gan_tui.state.log_lines import News, shown_line

KEPT_BYTES = 256_000
"""Of a long log the end is read: more than that is for a pager."""
LOOK_SECONDS = 0.5
CLOSE_SECONDS = 2.0


class LogTail:
    """Reads a log's end, then what follows.

    Args:
        path: the log.
        kept: bytes of its end that are read at first; 0: all of it.
    """

    def __init__(self, path: Path, kept: int = KEPT_BYTES) -> None:
        self._path = path
        self._kept = kept
        self._at = -1
        """Where the next line begins; -1 before the first look."""
        self._seen = -1
        """How long the file was at the last look."""
        self._trouble = ""

    def look(self) -> News | None:
        """What is new; None where nothing is."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                if size == self._seen:
                    return None
                anew = self._at < 0 or size < self._seen
                if anew:
                    self._at = max(0, size - self._kept) if self._kept else 0
                skipped = self._at if anew else 0
                file.seek(self._at)
                data = file.read(size - self._at)
        except OSError as error:
            return self._troubled(error.strerror or str(error))
        self._seen, self._trouble = size, ""
        if skipped:  # in the middle of a line
            begin = data.find(b"\n") + 1
            data, skipped, self._at = data[begin:], skipped + begin, self._at + begin
        whole, _, rest = data.rpartition(b"\n")
        ends = bool(whole) or data.startswith(b"\n")
        self._at += len(data) - len(rest)
        lines = [*(whole.split(b"\n") if ends else []), *([rest] if rest else [])]
        shown = tuple(shown_line(line.decode("utf-8", "replace")) for line in lines)
        return News(shown, unfinished=bool(rest), anew=anew, skipped=skipped)

    def _troubled(self, reason: str) -> News | None:
        if reason == self._trouble:
            return None
        self._at = self._seen = -1
        self._trouble = reason
        return News((), anew=True, trouble=reason)


class LogFollower:
    """Looks at a log again and again, in a thread of its own.

    Args:
        tail: reads it.
        interval: seconds between two looks.
    """

    def __init__(self, tail: LogTail, interval: float = LOOK_SECONDS) -> None:
        self._tail = tail
        self._interval = interval
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, told: Callable[[News], object]) -> None:
        """Call with all that is news, from the thread."""
        self._thread = threading.Thread(target=self._follow, args=(told,), name="follow engine.log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Call no more."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)

    def _follow(self, told: Callable[[News], object]) -> None:
        while not self._closing.is_set():
            news = self._tail.look()
            if news is not None:
                told(news)
            self._closing.wait(self._interval)
