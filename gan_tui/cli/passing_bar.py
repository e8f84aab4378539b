"""A bar on stderr that goes away when the work is done, and writes little: terminals are reached over slow links."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

DRAWN_A_SECOND = 2.0
"""Rich's ten write several kB/s."""


class _OnceKnown(ProgressColumn):
    """Another column, once there is a total: until then a bar would pulse, which writes more than all else."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> RenderableType:
        """That column, or nothing."""
        return self._column(task) if task.total is not None else Text("")


def passing_bar(*amounts: ProgressColumn) -> Progress:
    """A description, a bar, amounts (such as "3/10", by default) and the time that is left."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        *map(_OnceKnown, (BarColumn(), *(amounts or (MofNCompleteColumn(),)), TimeRemainingColumn())),
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=DRAWN_A_SECOND,
    )
