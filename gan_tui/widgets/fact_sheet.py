"""A list of labelled facts, each wrapped to the room there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from rich.table import Table
from rich.text import Text
from textual.widgets import Static

from gan_tui.state.plain_text import printable

FactTone: TypeAlias = Literal["plain", "faint", "good", "warning", "bad"]

SIGNS: dict[FactTone, str] = {"plain": "", "faint": "", "good": "✔ ", "warning": "! ", "bad": "✖ "}
"""Said before a fact, for whoever does not see its colour."""


class Fact(NamedTuple):
    """A label, and what there is to say under it, line by line."""

    label: str
    lines: tuple[str, ...]
    tone: FactTone = "plain"


class FactSheet(Static):
    """Shows facts one under another; text from files is text."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "fact--label",
        "fact--plain",
        "fact--faint",
        "fact--good",
        "fact--warning",
        "fact--bad",
    }
    DEFAULT_CSS = """
    FactSheet { height: auto; padding-right: 1; }
    FactSheet .fact--label { color: $faint; }
    FactSheet .fact--plain { color: $foreground; }
    FactSheet .fact--faint { color: $faint; }
    FactSheet .fact--good { color: $success; }
    FactSheet .fact--warning { color: $warning; }
    FactSheet .fact--bad { color: $error; }
    """

    def __init__(self) -> None:
        super().__init__("")
        self._facts: tuple[Fact, ...] = ()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What is shown."""
        return self._facts

    def show(self, facts: Sequence[Fact]) -> None:
        """Take the facts, the most important first."""
        self._facts = tuple(facts)
        if self.is_mounted:  # before, there are no colours yet
            self.update(self._table())

    def on_mount(self) -> None:
        """Show what was taken before."""
        if self._facts:
            self.update(self._table())

    def _table(self) -> Table:
        pen = self.get_component_rich_style
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(width=10, style=pen("fact--label"))
        table.add_column(ratio=1, overflow="fold")
        for label, lines, tone in self._facts:
            for place, line in enumerate(lines):
                sign = SIGNS[tone] if place == 0 else ""
                table.add_row(Text(label if place == 0 else ""), Text(sign + printable(line), pen(f"fact--{tone}")))
        return table
