"""A run as text: plain lines, or a Rich progress bar with the journal above it."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from engine.protocol import events as ev
from gan_tui.cli.output import losses_in_words, put, say
from gan_tui.state.journal import journal_entry

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


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
            clock = time.strftime("%H:%M:%S", time.localtime(entry.time))
            say(f"{clock}  step {entry.step:,}  {entry.text}")

    def say(self, text: str) -> None:
        """See Listener."""
        say(text)


class ProgressBar:
    """A bar with step, epoch, pace and time left; losses below it as they come, the journal above it."""

    def __init__(self) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self._progress: Progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}", markup=False),
            TimeRemainingColumn(),
            refresh_per_second=4,
        )
        self._task: TaskID = self._progress.add_task("starting", total=None, pace="")

    def hear(self, message: ev.Event | ev.Tick) -> None:
        """See Listener."""
        update = self._progress.update
        match message:
            case ev.Tick():
                pace = f"{message.throughput:.2f} it/s"
                update(self._task, completed=message.step, description=f"epoch {message.epoch}", pace=pace)
                return
            case ev.Metrics():
                pace = f"{message.throughput:.2f} it/s"
                update(self._task, completed=message.step, description=f"epoch {message.epoch}", pace=pace)
                self._print(f"step {message.step:,}  {losses_in_words(message.losses)}")
                return
            case ev.Announced():
                update(self._task, total=message.total_steps, completed=message.step)
            case ev.Phase():
                update(self._task, description=message.name)
                return
        entry = journal_entry(message)
        if entry is not None:
            self._print(f"{time.strftime('%H:%M:%S', time.localtime(entry.time))}  step {entry.step:,}  {entry.text}")

    def say(self, text: str) -> None:
        """See Listener."""
        self._print(text)

    def _print(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
