"""A grid of cells: some characters take two of them, and some none."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region

from gan_tui.widgets.canvas import BLANK, Canvas, Grid, _strip, put
from gan_tui.widgets.sheet import Area, Sheet

WIDE = "日本語"
ACCENTED = "e\u0301te\u0301"


def blank(width: int) -> Grid:
    return [[BLANK] * width]


def shown(grid: Grid) -> str:
    """The first row as it comes to the screen, which has to be as wide as it says."""
    strip = _strip(grid[0], lambda _: Style.null())
    assert strip.cell_length == len(grid[0]) == cell_len(strip.text)
    return strip.text


@pytest.mark.parametrize(
    ("text", "x", "columns", "seen"),
    [
        ("abc", 1, 3, " abc    "),
        (WIDE, 1, 6, " 日本語 "),
        (WIDE, 3, 6, "   日本 "),
        (WIDE, -1, 6, " 本語   "),
        (ACCENTED, 6, 3, "      e\u0301t"),
        ("\u0301", 2, 0, "        "),
        ("a\n" + WIDE, 0, 8, "a 日本語"),
    ],
)
def test_text_takes_the_cells_that_its_characters_do(text: str, x: int, columns: int, seen: str) -> None:
    grid = blank(8)
    assert put(grid, x, 0, text, "") == columns
    assert shown(grid) == seen


def test_a_sheet_keeps_text_to_its_area() -> None:
    sheet = Sheet(12, 1)
    assert sheet.write(Area(0, 0, 5, 1), [(WIDE, "")]) == 5
    assert sheet.write_right(Area(5, 0, 7, 1), [(WIDE, "")]) == 6
    assert shown(sheet.grid) == "日本  日本語"


class Drawn(Canvas):
    """Remembers what it asked to be drawn again."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Region] = []

    def refresh(self, *regions: Region, **others: bool) -> Drawn:
        self.asked += regions
        super().refresh(*regions, **others)
        return self


class DrawnApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Drawn()


async def test_of_a_wide_character_both_cells_are_drawn_again() -> None:
    async with DrawnApp().run_test(size=(8, 1)) as pilot:
        canvas = pilot.app.query_one(Drawn)
        for text in ("日本", "日月"):
            grid = blank(8)
            put(grid, 1, 0, text, "")
            canvas.asked.clear()
            canvas.paint(grid)
        assert canvas.asked == [Region(3, 0, 2, 1)]
