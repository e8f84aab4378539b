"""The table of checkpoints: as many columns as there is room for, and the cursor stays where it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult

from gan_tui.widgets.checkpoint_table import CheckpointRow, CheckpointTable

ROWS = (
    CheckpointRow(
        key="c", step=30_000, starred=True, mark="best", epoch=23, age=61.0, size=339_000_000, reason="schedule",
        objective=3.2, losses={"G_A": 0.31, "D_A": None},
    ),
    CheckpointRow(key="b", step=20_000, starred=True, epoch=15, age=-5.0, size=339_000_000, reason="request"),
    CheckpointRow(key="a", step=900, mark="unreadable"),
)  # fmt: skip


class TableApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table = CheckpointTable()
        self.highlighted: list[str | None] = []

    def on_data_table_row_highlighted(self, event: CheckpointTable.RowHighlighted) -> None:
        self.highlighted.append(event.row_key.value)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"faint": "#888888"}

    def compose(self) -> ComposeResult:
        yield self.table


def headings(table: CheckpointTable) -> list[str]:
    return [str(column.label).strip() for column in table.ordered_columns]


BASE = ["step", "", "epoch", "age"]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (30, BASE),
        (45, BASE),
        (46, [*BASE, "objective"]),
        (56, [*BASE, "why", "objective"]),
        (64, [*BASE, "size", "why", "objective"]),
        (71, [*BASE, "size", "why", "objective", "G_A"]),
        (76, [*BASE, "size", "why", "objective", "G_A", "D_A"]),
    ],
)
async def test_columns_come_as_there_is_room(width: int, expected: list[str]) -> None:
    app = TableApp()
    async with app.run_test(size=(width, 10)) as pilot:
        app.table.show_rows(ROWS)
        await pilot.pause()
        assert headings(app.table) == expected
        widths = sum(column.get_render_width(app.table) for column in app.table.ordered_columns)
        assert widths <= width or expected == BASE


async def test_all_of_a_row_is_shown_in_columns_of_one_width() -> None:
    app = TableApp()
    async with app.run_test(size=(120, 10)) as pilot:
        app.table.show_rows(ROWS)
        await pilot.pause()
        assert headings(app.table) == ["step", "", "epoch", "age", "size", "why", "objective", "G_A", "D_A"]
        cells = [[str(cell) for cell in app.table.get_row(row.key)] for row in ROWS]
        assert [cell.strip() for cell in cells[0]] == [
            "30,000", "★ best", "23", "1m 01s", "339 MB", "schedule", "3.200", "0.310", "–",
        ]  # fmt: skip
        assert [cell.strip() for cell in cells[1]][:4] == ["20,000", "★", "15", "0s"], "a clock may have jumped back"
        assert [cell.strip() for cell in cells[2]][:5] == ["900", "unreadable", "–", "–", "–"]
        assert all(len({len(row[place]) for row in cells}) == 1 for place in range(9))
        assert cells[2][0] == "   900", "numbers stand under one another"


async def test_the_cursor_stays_through_a_change_and_a_resize() -> None:
    app = TableApp()
    async with app.run_test(size=(120, 10)) as pilot:
        app.table.show_rows(ROWS)
        await pilot.pause()
        app.table.go_to("b")
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert (headings(app.table), app.table.cursor_row) == (["step", "", "epoch", "age"], 1)
        newer = CheckpointRow(key="d", step=40_000, epoch=30, age=1.0, size=339_000_000, reason="schedule")
        app.table.show_rows((newer, *ROWS))
        await pilot.pause()
        assert app.table.cursor_row == 2, "it stays on its checkpoint, not on its row"
        older = [replace(row, age=3600.0 + (row.age or 0.0)) for row in (newer, *ROWS)]
        app.table.show_rows(older)
        await pilot.pause()
        assert str(app.table.get_row("b")[3]).strip() == "59m 55s"
        assert app.highlighted == ["c", "b"], "which is told where the cursor moved, and only there"
        app.table.show_rows(ROWS[:1])
        await pilot.pause()
        assert (app.table.row_count, app.table.cursor_row, app.highlighted) == (1, 0, ["c", "b", "c"])
        app.table.show_rows(())
        await pilot.pause()
        assert app.table.row_count == 0


async def test_what_was_measured_stands_before_the_losses() -> None:
    app = TableApp()
    rows = (replace(ROWS[0], figures={"psnr": 12.3456, "l1": None}), *ROWS[1:])
    async with app.run_test(size=(70, 10)) as pilot:
        app.table.show_rows(rows)
        await pilot.pause()
        assert headings(app.table) == [*BASE, "why", "objective", "psnr", "l1"]
        assert [str(cell).strip() for cell in app.table.get_row("c")][-2:] == ["12.35", "nan"]
        assert [str(cell).strip() for cell in app.table.get_row("b")][-2:] == ["–", "–"]
