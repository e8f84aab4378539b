"""The terminal model: whatever is left out, the screen looks the same."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_tui.terminal_diff import TerminalDiff

SIZE = (20, 6)
styles = st.sampled_from(
    ["", "1", "7", "4;38;2;9;9;9", "38;2;1;2;3", "48;2;4;5;6", "38;2;1;2;3;48;2;4;5;6", "31", "44"]
)
pieces = st.tuples(st.integers(0, 5), st.integers(0, 12), styles, st.text("ab ▀", min_size=1, max_size=8))
paints = st.lists(pieces, max_size=8)


def sequence(paint: list[tuple[int, int, str, str]]) -> str:
    """Text as Textual writes it: place, style, text, reset."""
    return "".join(f"\x1b[{y + 1};{x + 1}H\x1b[{style}m{text}\x1b[0m" for y, x, style, text in paint)


def shown(*writes: str) -> list[list[tuple[object, ...]]]:
    screen = pyte.Screen(*SIZE)
    stream = pyte.Stream(screen)
    for write in writes:
        stream.feed(write)
    rows = []
    for y in range(SIZE[1]):
        row = []
        for x in range(SIZE[0]):
            char = screen.buffer[y][x]
            look = (char.data, char.bg, char.reverse, char.underscore)
            row.append(
                look if char.data == " " and not (char.reverse or char.underscore) else (*look, char.fg, char.bold)
            )
        rows.append(row)
    return rows


@settings(max_examples=200, deadline=None)
@given(st.lists(paints, max_size=5))
def test_the_screen_looks_as_if_everything_had_been_written(writes: list[list[tuple[int, int, str, str]]]) -> None:
    diff = TerminalDiff()
    raw = [sequence(paint) for paint in writes]
    assert shown(*(diff.thin(write) for write in raw)) == shown(*raw)


def test_what_is_there_already_is_not_written() -> None:
    diff = TerminalDiff()
    paint = sequence([(0, 0, "38;2;1;2;3", "hello"), (1, 0, "", "world")])
    assert diff.thin(paint)
    assert diff.thin(paint) == ""
    changed = diff.thin(sequence([(0, 0, "38;2;1;2;3", "hellO")]))
    assert changed.startswith("\x1b[1;5H")
    assert changed.endswith("O")
    diff.forget()
    assert "hellO" in diff.thin(sequence([(0, 0, "38;2;1;2;3", "hellO")]))


def test_modes_pass_and_a_switch_of_screens_is_a_new_beginning() -> None:
    diff = TerminalDiff()
    paint = sequence([(0, 0, "", "x")])
    diff.thin(paint)
    assert diff.thin("\x1b[?25l") == "\x1b[?25l"
    assert diff.thin(paint) == ""
    assert diff.thin("\x1b[?1049h").endswith("\x1b[?1049h")
    assert diff.thin(paint) != ""


def test_wide_characters_take_two_cells() -> None:
    diff = TerminalDiff()
    diff.thin(sequence([(0, 0, "", "画x")]))
    assert diff.thin(sequence([(0, 2, "", "x")])) == ""
    assert diff.thin(sequence([(0, 2, "", "y")])).startswith("\x1b[1;3H")


OTHERS = [
    "\x1b[<u",  # Textual's last word to the kitty keyboard protocol
    "\x1b[>25u",
    "\x1b[?2048$p",
    "\x1b[1 q",
    "\x1b[!p",
    "\x1b]0;title\x07",
    "\x1b]8;;https://example.org\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1b_Gi=1;AAAA\x1b\\",
    "\x1b7",
    "\x1b(B",
    "\x1bc",
    "\r",
    "\x1b[2J",
    "\x1b[H",
]


@pytest.mark.parametrize("other", OTHERS, ids=repr)
def test_what_is_no_place_style_or_text_passes_unchanged(other: str) -> None:
    diff = TerminalDiff()
    diff.thin(sequence([(0, 0, "31", "x")]))
    assert diff.thin(other).endswith(other)
    whole = f"{sequence([(1, 0, '', 'y')])}{other}{sequence([(2, 0, '', 'z')])}"
    written = diff.thin(whole)
    assert other in written
    assert written.index("y") < written.index(other) < written.rindex("z")


@pytest.mark.parametrize("half", ["\x1b", "\x1b[", "\x1b[38;2;", "\x1b]0;title", "\x1bP1", "\x1b[1\x80m"], ids=repr)
def test_half_a_sequence_is_passed_on_with_what_follows_it(half: str) -> None:
    diff = TerminalDiff()
    assert diff.thin(half) == half
    assert diff.thin("nobody knows where") == "nobody knows where"


def test_after_an_unknown_move_text_goes_where_the_cursor_is() -> None:
    diff = TerminalDiff()
    abc = sequence([(0, 0, "7", "abc"), (1, 0, "44", "x")])
    writes = [abc, sequence([(0, 0, "7", "abc")]), "\x1b[3Cdef", "ghi", sequence([(1, 0, "31", "x")]), abc]
    assert shown(*(diff.thin(write) for write in writes)) == shown(*writes)
