"""Braille cells and the runs they are made from."""

from __future__ import annotations

from gan_tui.widgets.braille import GLYPHS, cells, connected


def test_glyphs_put_each_dot_in_its_place() -> None:
    assert GLYPHS[0][0] == "\u2800"
    assert GLYPHS[1][0] == "⡀"
    assert GLYPHS[8][0] == "⠁"
    assert GLYPHS[0][1] == "⢀"
    assert GLYPHS[15][15] == "⣿"


def test_runs_join_up_and_break_at_gaps() -> None:
    assert connected([0, 1, 5, 2, None, 7]) == [(0, 0), (1, 1), (2, 5), (2, 4), None, (7, 7)]


def test_a_cell_belongs_to_the_series_with_most_dots_in_it() -> None:
    one, two = [(0, 0), (0, 0)], [(0, 3), None]
    ((row, cell),) = cells([one, two], 0, 2)
    assert row == 1
    assert cell.series == 1
    assert cell.char == GLYPHS[15][1]
