"""The checkpoint picker: a run's checkpoints with age, size and losses; returns the step of the one chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from engine.protocol.checkpoints import Manifest
from gan_tui.state.journal import size_text
from gan_tui.state.plain_text import printable
from gan_tui.widgets.axes import reading
from gan_tui.widgets.wording import duration


class CheckpointPicker(ModalScreen[int | None]):
    """Lists checkpoints, newest first; returns a step, or None."""

    CSS_PATH = "checkpoints.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)", "close", show=False)]

    def __init__(self, run: str, manifests: Sequence[Manifest], *, now: float) -> None:
        super().__init__()
        self._run = run
        self._manifests = sorted(manifests, key=lambda manifest: manifest.step, reverse=True)
        self._now = now

    def compose(self) -> ComposeResult:
        """A table, or the fact that there is nothing to list."""
        with Vertical(id="picker") as picker:
            picker.border_title = "checkpoints"
            picker.border_subtitle = "Enter resume from it · Esc close"
            if self._manifests:
                yield DataTable(cursor_type="row", zebra_stripes=False)
            else:
                yield Static(Text(printable(f"{self._run} has no checkpoint yet; S writes one.")), id="none")

    def on_mount(self) -> None:
        """Fill the table."""
        if not self._manifests:
            return
        table: DataTable[Text] = self.query_one(DataTable)
        names = list(dict.fromkeys(name for manifest in self._manifests for name in manifest.losses))
        for heading in ("step", "epoch", "age", "size", "why", *names):
            table.add_column(Text(printable(heading), justify="left" if heading == "why" else "right"))
        for manifest in self._manifests:
            table.add_row(*_cells(manifest, names, self._now), key=str(manifest.step))
        table.focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Return the step."""
        self.dismiss(self._manifests[event.cursor_row].step)


def _cells(manifest: Manifest, names: Sequence[str], now: float) -> list[Text]:
    losses = []
    for name in names:
        value = manifest.losses.get(name)
        losses.append("–" if value is None else reading(value))
    age = duration(max(0.0, now - manifest.time))
    right = [f"{manifest.step:,}", str(manifest.epoch), age, size_text(manifest.size)]
    return [
        *(Text(text, justify="right") for text in right),
        Text(printable(manifest.reason)),
        *(Text(text, justify="right") for text in losses),
    ]
