"""The checkpoint picker: a run's checkpoints with age, size and losses; returns the step of the one chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.rundir import RunDirectory
from gan_tui.state.journal import size_text
from gan_tui.state.plain_text import printable
from gan_tui.widgets.axes import reading
from gan_tui.widgets.wording import duration


@dataclass(frozen=True, kw_only=True)
class CheckpointRow:
    """What the picker says of a checkpoint."""

    step: int
    epoch: int = 0
    """0 when it is not known."""
    time: float
    """When it was written, in Unix seconds."""
    size: int
    """Bytes on disk."""
    reason: str = ""
    losses: Mapping[str, float | None] = field(default_factory=dict)
    """The newest line of metrics before it."""
    note: str = ""
    """Why it cannot be chosen, such as "incomplete"; empty when it can."""


class CheckpointPicker(ModalScreen[int | None]):
    """Lists checkpoints, newest first; returns a step, or None."""

    CSS_PATH = "checkpoints.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)", "close", show=False)]

    def __init__(self, run: str, rows: Sequence[CheckpointRow], *, now: float) -> None:
        super().__init__()
        self._run = run
        self._rows = sorted(rows, key=lambda row: row.step, reverse=True)
        self._now = now

    def compose(self) -> ComposeResult:
        """A table, or the fact that there is nothing to list."""
        with Vertical(id="picker") as picker:
            picker.border_title = "checkpoints"
            picker.border_subtitle = "Enter resume from it · Esc close"
            if self._rows:
                yield DataTable(cursor_type="row", zebra_stripes=False)
            else:
                yield Static(Text(printable(f"{self._run} has no checkpoint yet; S writes one.")), id="none")

    def on_mount(self) -> None:
        """Fill the table."""
        if not self._rows:
            return
        table: DataTable[Text] = self.query_one(DataTable)
        names = list(dict.fromkeys(name for row in self._rows for name in row.losses))
        for heading in ("step", "epoch", "age", "size", "why", *names):
            table.add_column(Text(printable(heading), justify="left" if heading == "why" else "right"))
        for row in self._rows:
            table.add_row(*_cells(row, names, self._now), key=str(row.step))
        table.focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Return the step, unless the row says why it cannot be had."""
        row = self._rows[event.cursor_row]
        if row.note:
            self.query_one("#picker").border_subtitle = f"step {row.step:,} cannot be used: {row.note}"
        else:
            self.dismiss(row.step)


def checkpoint_rows(run_dir: Path) -> list[CheckpointRow]:
    """The checkpoints that are whole on disk, oldest first."""
    return [
        CheckpointRow(
            step=manifest.step,
            epoch=manifest.epoch,
            time=manifest.time,
            size=manifest.size,
            reason=manifest.reason,
            losses=manifest.losses,
        )
        for _, manifest in list_checkpoints(RunDirectory(run_dir))
    ]


def _cells(row: CheckpointRow, names: Sequence[str], now: float) -> list[Text]:
    losses = []
    for name in names:
        value = row.losses.get(name)
        losses.append("–" if value is None else reading(value))
    right = [f"{row.step:,}", str(row.epoch or "–"), duration(max(0.0, now - row.time)), size_text(row.size)]
    return [
        *(Text(text, justify="right") for text in right),
        Text(printable(row.note or row.reason)),
        *(Text(text, justify="right") for text in losses),
    ]
