"""A run as a Rich progress bar, for a terminal without the dashboard."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from engine.protocol import events as ev
from gan_tui.cli.output import losses_in_words
from gan_tui.cli.plain_lines import entry_line
from gan_tui.state.journal import journal_entry
from gan_tui.state.plain_text import printable
from gan_tui.state.run_view import seconds_left
from gan_tui.state.wording import duration, pace, progress


class ProgressBar:
    """Step, epoch, pace and time left, the newest losses below them, the journal above."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[told]}", markup=False),
            auto_refresh=False,
        )
        self._task = self._progress.add_task("starting", total=None, told="")
        self._total = 0
        self._losses = ""
        self._live = Live(get_renderable=self._drawn, auto_refresh=False)

    def hear(self, message: ev.Event | ev.Tick) -> None:
        """See Listener."""
        match message:
            case ev.Tick() | ev.Metrics():
                if isinstance(message, ev.Metrics):
                    self._losses = printable(losses_in_words(message.losses))
                told, epoch = self._told(message.step, message.throughput), f"epoch {message.epoch}"
                self._progress.update(self._task, completed=message.step, description=epoch, told=told)
            case ev.Announced():
                self._total = message.total_steps
                self._progress.update(self._task, total=self._total, completed=message.step)
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

    def _told(self, step: int, throughput: float) -> str:
        """How far and how fast, in the words of the dashboard's header."""
        left = seconds_left(step, self._total, throughput)
        eta = "" if left is None else f"ETA {duration(left)}"
        steps = f"{step:,}/{self._total:,}" if self._total else f"{step:,}"
        return "  ".join(filter(None, [progress(step, self._total), steps, pace(throughput), eta]))

    def _drawn(self) -> Group:
        return Group(self._progress, Text(self._losses, style="dim"))

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
