"""The plot as a grid of characters: where ticks and curves stand."""

from __future__ import annotations

from gan_tui.state.axes import Range, fitted
from gan_tui.widgets.canvas import BLANK
from gan_tui.widgets.plot_painter import GUTTER, Frame, Painter


def painter_of(y: Range, rows: int) -> Painter:
    """On an empty grid."""
    grid = [[BLANK] * 40 for _ in range(rows + 2)]
    return Painter(grid, Frame(x=Range(0, 100), y=y, columns=30, rows=rows, log=False))


def test_a_tick_between_two_rows_is_that_of_the_upper_one_and_a_curve_there_too() -> None:
    y = fitted(None, 0.5, 1.22, log=False)
    assert (0.5 - y.low) / (y.high - y.low) * 10 < 1, "what is to be mended: a tenth of the axis falls short of a row"
    painter = painter_of(y, 10)
    painter.axes([])
    labels = {"".join(char for char, _ in line[:GUTTER]).strip(): row for row, line in enumerate(painter.grid)}
    assert labels["0.5"] == 8
    assert painter.level(0.5) == 4
