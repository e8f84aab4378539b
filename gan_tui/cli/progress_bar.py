"""A run as a Rich progress bar, for a terminal without the dashboard."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from engine.protocol import events as ev
from gan_tui.cli.output import losses_in_words
from gan_tui.cli.plain_lines import entry_line
from gan_tui.state.journal import journal_entry
from gan_tui.state.plain_text import printable


class ProgressBar:
    """Step, epoch, pace and time left, the newest losses below them, the journal above."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}", markup=False),
            TimeRemainingColumn(),
            auto_refresh=False,
        )
        self._task = self._progress.add_task("starting", total=None, pace="")
        self._losses = ""
        self._live = Live(get_renderable=self._drawn, auto_refresh=False)

    def hear(self, message: ev.Event | ev.Tick) -> None:
        """See Listener."""
        match message:
            case ev.Tick() | ev.Metrics():
                if isinstance(message, ev.Metrics):
                    self._losses = printable(losses_in_words(message.losses))
                pace, epoch = f"{message.throughput:.2f} it/s", f"epoch {message.epoch}"
                self._progress.update(self._task, completed=message.step, description=epoch, pace=pace)
            case ev.Announced():
                self._progress.update(self._task, total=message.total_steps, completed=message.step)
            case ev.Phase():
                self._progress.update(self._task, description=printable(message.name))
            case _:
                entry = journal_entry(message)
                if entry is not None:
                    self.say(entry_line(entry))
        self._live.refresh()

    def say(self, text: str) -> None:
        """See Listener."""
        self._live.console.print(printable(text), markup=False, highlight=False)

    def _drawn(self) -> Group:
        return Group(self._progress, Text(self._losses, style="dim"))

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
