"""What stands for characters that a terminal does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

import gan_tui
from gan_tui.state.ascii_signs import PHRASES, ascii_of
from gan_tui.widgets.braille import cells, connected
from gan_tui.widgets.fact_sheet import SIGNS
from gan_tui.widgets.journal import SYMBOLS as JOURNAL_SYMBOLS
from gan_tui.widgets.plot_painter import SYMBOLS as PLOT_SYMBOLS


def test_every_stroke_is_one_character() -> None:
    strokes = [ascii_of(chr(0x2800 + dots), 1) for dots in range(256)]
    assert all(len(stroke) == 1 and stroke.isascii() for stroke in strokes)
    assert [dots for dots, stroke in enumerate(strokes) if stroke == " "] == [0]


@pytest.mark.parametrize(
    ("levels", "stroke"),
    [((0, 0), "_"), ((1, 1), "-"), ((3, 3), "'"), ((0, 3), "/"), ((3, 0), "\\"), ((0, None), "."), ((3, None), "'")],
)
def test_strokes_go_as_the_curve_goes(levels: tuple[int, int | None], stroke: str) -> None:
    [(_, cell)] = cells([connected(levels)], 0, 1)
    assert ascii_of(cell.char, 1) == stroke


def test_signs_that_stand_together_stay_apart() -> None:
    for signs in (PLOT_SYMBOLS, JOURNAL_SYMBOLS, {tone: sign for tone, sign in SIGNS.items() if sign}):
        plain = ["".join(ascii_of(char, 1) for char in sign) for sign in signs.values()]
        assert len(set(plain)) == len(plain), plain
        assert all(sign.isascii() for sign in plain)


@pytest.mark.parametrize(
    ("char", "width", "plain"),
    [("a", 1, "a"), ("é", 1, "e"), ("斑", 2, "??"), ("\u0301", 0, ""), ("ж", 1, "?"), ("╭", 1, "+"), ("…", 1, "~")],
)
def test_others(char: str, width: int, plain: str) -> None:
    assert ascii_of(char, width) == plain


def test_everything_that_is_drawn_here_has_a_sign_of_its_own() -> None:
    """What is missing is a question mark on the screen; it belongs into ``_SIGNS``."""
    written = "".join(path.read_text(encoding="utf-8") for path in Path(gan_tui.__path__[0]).rglob("*.py"))
    for phrase in PHRASES:
        written = written.replace(phrase, "")
    drawn = {char for char in written if not char.isascii()} - {"\N{REPLACEMENT CHARACTER}"}
    assert {char for char in drawn if ascii_of(char, 1) == "?"} == set()
    assert len(drawn) > 50


def test_phrases_are_ascii() -> None:
    assert all(plain.isascii() for plain in PHRASES.values())
