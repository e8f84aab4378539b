"""A run as plain lines: metrics on stdout, the journal on stderr."""

from __future__ import annotations

import time

from engine.protocol import events as ev
from gan_tui.cli.output import losses_in_words, put, say
from gan_tui.state.journal import JournalEntry, journal_entry


def entry_line(entry: JournalEntry) -> str:
    """An entry of the journal on one line, with the local time."""
    return f"{time.strftime('%H:%M:%S', time.localtime(entry.time))}  step {entry.step:,}  {entry.text}"


class PlainLines:
    """One line per line of metrics on stdout, one per entry of the journal on stderr."""

    def __init__(self) -> None:
        self._total = 0

    def hear(self, message: ev.Event | ev.Tick) -> None:
        """See Listener."""
        match message:
            case ev.Tick():
                return
            case ev.Announced():
                self._total = message.total_steps
            case ev.Metrics():
                where = f"step {message.step:,}/{self._total:,}  epoch {message.epoch}  {message.throughput:.2f} it/s"
                put(f"{where}  {losses_in_words(message.losses)}")
                return
        entry = journal_entry(message)
        if entry is not None:
            say(entry_line(entry))

    def say(self, text: str) -> None:
        """See Listener."""
        say(text)
