"""A bar on stderr that goes away when the work is done, and writes little: terminals are reached over slow links."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column
from rich.text import Text

DRAWN_A_SECOND = 2.0
"""Rich's ten write several kB/s."""


class _OnceKnown(ProgressColumn):
    """Another column, once there is a total: until then a bar would pulse, which writes more than all else."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__(table_column=Column(no_wrap=not isinstance(column, BarColumn)))  # the bar is what gives way
        self._column = column

    def render(self, task: Task) -> RenderableType:
        """That column, or nothing."""
        return self._column(task) if task.total is not None else Text("")


class _Amounts(ProgressColumn):
    """ "3/10"; of a task whose field `unit` is "bytes", "3/10 MB" and the pace."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers, self._bytes, self._pace = MofNCompleteColumn(), DownloadColumn(), TransferSpeedColumn()

    def render(self, task: Task) -> Text:
        """In the task's unit."""
        if task.fields["unit"] != "bytes":
            return self._numbers.render(task)
        return Text(" ").join([self._bytes.render(task), self._pace.render(task)])


def passing_bar() -> Progress:
    """A description, a bar, amounts and the time that is left; each task has a field `unit`."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        *map(_OnceKnown, (BarColumn(), _Amounts(), TimeRemainingColumn())),
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=DRAWN_A_SECOND,
    )
