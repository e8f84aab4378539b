"""A picture in characters, for every kind of terminal."""

from __future__ import annotations

from rich.color import Color
from rich.style import Style

from gan_tui.state.imaging import Cells
from gan_tui.widgets.picture import ASCII, SHADES, cell_row

BLACK, GREY, WHITE = (0, 0, 0), (128, 128, 128), (255, 255, 255)
DARK, BRIGHT = (Style(bgcolor=Color.from_rgb(*ground)) for ground in (BLACK, WHITE))


def text(cells: Cells, ground: Style = DARK) -> str:
    upper, lower = [BLACK, GREY, WHITE, BLACK], [BLACK, GREY, WHITE, WHITE]
    return "".join(segment.text for segment in cell_row(upper, lower, cells, ground))


def test_half_blocks_show_two_pixels_and_a_space_where_both_are_one_colour() -> None:
    assert text("half") == "   ▀"
    last = cell_row([WHITE], [BLACK], "half", DARK)[0].style
    assert last == Style(color=Color.from_rgb(*WHITE), bgcolor=Color.from_rgb(*BLACK))


def test_in_ascii_with_colours_a_cell_is_the_mean_of_its_pixels() -> None:
    assert text("blocks") == "    "
    assert cell_row([WHITE], [BLACK], "blocks", DARK)[0].style == Style(bgcolor=Color.from_rgb(127, 127, 127))


def test_without_colours_bright_is_ink_on_a_dark_ground_and_paper_on_a_bright_one() -> None:
    assert text("shades") == " ▒█▒"
    assert text("shades", BRIGHT) == "█▒ ▒"
    assert text("ascii") == " +@="
    assert text("ascii", BRIGHT) == "@=  +".replace("  ", " ")
    assert text("ascii", Style()) == text("ascii"), "a ground that is not known is dark"
    assert all(segment.style == DARK for segment in cell_row([GREY], [GREY], "ascii", DARK))
    assert ASCII.isascii()
    assert len(SHADES) == 5
