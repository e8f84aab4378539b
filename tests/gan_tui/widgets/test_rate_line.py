"""The learning rate ahead as a curve: its heading, its ends, and a word where it cannot be known."""

from __future__ import annotations

from textual.app import App, ComposeResult

from gan_tui.widgets.rate_line import RateLine

FALLING = [(epoch, max(0.0, 1 - max(0, epoch - 5) / 5)) for epoch in range(1, 11)]


class LineApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.line = RateLine()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"faint": "#888888"}

    def compose(self) -> ComposeResult:
        yield self.line


async def drawn(points: list[tuple[int, float]], notice: str = "", width: int = 26) -> list[str]:
    app = LineApp()
    async with app.run_test(size=(width, 10)) as pilot:
        app.line.show(points, notice)
        await pilot.pause()
        return [app.line.render_line(y).text.rstrip() for y in range(app.line.size.height)]


def height_of(lines: list[str], column: int) -> int:
    """Row of the curve, from the top, in a column; the curve's rows are those between heading and epochs."""
    return next(y for y, line in enumerate(lines[1:-1]) if column < len(line) and line[column] != " ")


async def test_a_curve_between_its_ends() -> None:
    lines = await drawn(FALLING)
    assert lines[0] == "learning rate ahead"
    assert lines[1].startswith("  ×1 ")
    assert lines[4].startswith("   0 ")
    assert lines[5] == "     epoch 1           10"
    rows = [height_of(lines, column) for column in range(5, 25)]
    assert rows == sorted(rows), "it falls and never rises"
    assert (rows[0], rows[-1]) == (0, 3)
    assert rows[:8] == [0] * 8, "the first five of ten epochs are even"


async def test_an_even_rate_and_one_of_nothing() -> None:
    assert height_of(await drawn([(7, 0.5), (9, 0.5)]), 20) == 0
    assert (await drawn([(7, 0.5), (9, 0.5)]))[1].startswith("×0.5 ")
    last = await drawn([(10, 0.0)])
    assert height_of(last, 20) == 3
    assert last[5] == "     epoch 10          10"


async def test_a_word_where_there_is_no_curve() -> None:
    assert await drawn([], "it follows the losses") == ["learning rate ahead", "it follows the losses", "", "", "", ""]


async def test_no_room() -> None:
    lines = await drawn(FALLING, width=4)
    assert all(len(line) <= 4 for line in lines)
