"""The terminal model: whatever is left out, the screen looks the same."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_tui.terminal.diff import TerminalDiff

SIZE = (20, 6)
styles = st.sampled_from(
    ["", "1", "7", "4;38;2;9;9;9", "38;2;1;2;3", "48;2;4;5;6", "38;2;1;2;3;48;2;4;5;6", "31", "44"]
)
pieces = st.tuples(st.integers(0, 5), st.integers(0, 12), styles, st.text("ab ▀", min_size=1, max_size=8))
blanks = st.tuples(st.integers(0, 5), st.integers(0, 3), styles, st.integers(9, 17).map(" ".__mul__))
paints = st.lists(pieces | blanks, max_size=8)
erasing = st.booleans()


def sequence(paint: list[tuple[int, int, str, str]]) -> str:
    """Text as Textual writes it: place, style, text, reset."""
    return "".join(f"\x1b[{y + 1};{x + 1}H\x1b[{style}m{text}\x1b[0m" for y, x, style, text in paint)


def thin(diff: TerminalDiff, data: str) -> str:
    """What is sent at once for a write."""
    diff.take(data)
    return diff.drain()


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
@given(st.lists(paints, max_size=5), erasing)
def test_the_screen_looks_as_if_everything_had_been_written(
    writes: list[list[tuple[int, int, str, str]]], erases: bool
) -> None:
    diff = TerminalDiff(erases_in_colour=erases)
    diff.size = SIZE
    raw = [sequence(paint) for paint in writes]
    assert shown(*(thin(diff, write) for write in raw)) == shown(*raw)


def test_spaces_are_erased_where_that_leaves_their_background() -> None:
    ground = sequence([(0, 0, "48;2;4;5;6", "a" + " " * 18 + "b")])
    diff = TerminalDiff(erases_in_colour=True)
    sent = thin(diff, ground)
    assert "\x1b[18X" in sent
    assert "  " not in sent
    assert shown(sent) == shown(ground)
    assert thin(diff, ground) == ""
    underlined = sequence([(1, 0, "4", " " * 18)])
    assert thin(diff, underlined).count(" ") == 18, "erasing draws no line"
    assert thin(TerminalDiff(), ground).count(" ") == 18


def test_what_is_there_already_is_not_written() -> None:
    diff = TerminalDiff()
    paint = sequence([(0, 0, "38;2;1;2;3", "hello"), (1, 0, "", "world")])
    assert thin(diff, paint)
    assert thin(diff, paint) == ""
    changed = thin(diff, sequence([(0, 0, "38;2;1;2;3", "hellO")]))
    assert changed.startswith("\x1b[1;5H")
    assert changed.endswith("O")
    diff.forget()
    assert "hellO" in thin(diff, sequence([(0, 0, "38;2;1;2;3", "hellO")]))


def test_modes_pass_and_a_switch_of_screens_is_a_new_beginning() -> None:
    diff = TerminalDiff()
    paint = sequence([(0, 0, "", "x")])
    thin(diff, paint)
    assert thin(diff, "\x1b[?25l") == "\x1b[?25l"
    assert thin(diff, paint) == ""
    assert thin(diff, "\x1b[?1049h").endswith("\x1b[?1049h")
    assert thin(diff, paint) != ""


def test_wide_characters_take_two_cells() -> None:
    diff = TerminalDiff()
    thin(diff, sequence([(0, 0, "", "画x")]))
    assert thin(diff, sequence([(0, 2, "", "x")])) == ""
    assert thin(diff, sequence([(0, 2, "", "y")])).startswith("\x1b[1;3H")


APART = [
    "\x1b[<u",  # Textual's last word to the kitty keyboard protocol
    "\x1b[>25u",
    "\x1b[?2048$p",
    "\x1b]0;title\x07",
    "\x07",
]
"""What has to do with no cell, and may go before them."""
OTHERS = [
    "\x1b[1 q",
    "\x1b[!p",
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


@pytest.mark.parametrize("other", OTHERS + APART, ids=repr)
def test_what_is_no_place_style_or_text_passes_unchanged(other: str) -> None:
    diff = TerminalDiff()
    thin(diff, sequence([(0, 0, "31", "x")]))
    assert thin(diff, other).endswith(other)
    whole = f"{sequence([(1, 0, '', 'y')])}{other}{sequence([(2, 0, '', 'z')])}"
    written = thin(diff, whole)
    assert written.index("y") < written.rindex("z")
    assert written.index("y") < written.index(other) < written.rindex("z") or other in APART
    assert other in written


@pytest.mark.parametrize("half", ["\x1b", "\x1b[", "\x1b[38;2;", "\x1b]0;title", "\x1bP1", "\x1b[1\x80m"], ids=repr)
def test_half_a_sequence_is_passed_on_with_what_follows_it(half: str) -> None:
    diff = TerminalDiff()
    assert thin(diff, half) == half
    assert thin(diff, "nobody knows where") == "nobody knows where"


def test_after_an_unknown_move_text_goes_where_the_cursor_is() -> None:
    diff = TerminalDiff()
    abc = sequence([(0, 0, "7", "abc"), (1, 0, "44", "x")])
    writes = [abc, sequence([(0, 0, "7", "abc")]), "\x1b[3Cdef", "ghi", sequence([(1, 0, "31", "x")]), abc]
    assert shown(*(thin(diff, write) for write in writes)) == shown(*writes)


@settings(max_examples=200, deadline=None)
@given(st.lists(paints, max_size=5), st.integers(1, 40), erasing)
def test_a_screen_sent_in_parts_is_whole_in_the_end(
    writes: list[list[tuple[int, int, str, str]]], limit: int, erases: bool
) -> None:
    diff = TerminalDiff(erases_in_colour=erases)
    diff.size = SIZE
    raw = [sequence(paint) for paint in writes]
    parts = []
    for write in raw:
        diff.take(write, urgent=len(parts) % 2 == 0)
        parts.append(diff.drain(limit))
    while diff.pending:
        parts.append(diff.drain(limit))
    assert shown(*parts) == shown(*raw)


@settings(max_examples=200, deadline=None)
@given(st.lists(paints, max_size=5))
def test_of_screens_that_waited_the_newest_alone_is_sent(writes: list[list[tuple[int, int, str, str]]]) -> None:
    diff = TerminalDiff()
    raw = [sequence(paint) for paint in writes]
    for write in raw:
        diff.take(write)
    newest = diff.drain()
    assert shown(newest) == shown(*raw)
    cells = {(y, column) for paint in writes for y, x, _, text in paint for column in range(x, x + len(text))}
    assert sum(newest.count(char) for char in "ab▀") <= len(cells), "each cell once at most"


def test_what_changed_and_changed_back_meanwhile_is_not_sent() -> None:
    diff = TerminalDiff()
    thin(diff, sequence([(0, 0, "", "aaa")]))
    diff.take(sequence([(0, 0, "", "bbb")]))
    diff.take(sequence([(0, 0, "", "aaa")]))
    assert not diff.pending
    assert diff.drain() == ""


def test_what_a_key_has_caused_goes_first() -> None:
    diff = TerminalDiff()
    diff.take(sequence([(0, 0, "", "first"), (1, 0, "", "second")]))
    diff.take(sequence([(4, 0, "", "pressed")]), urgent=True)
    assert "pressed" in diff.drain(limit=1)
    assert not diff.urgent
    assert "first" in diff.drain(limit=1)


def test_a_terminal_of_another_size_is_sent_all_of_it_but_for_what_is_outside() -> None:
    diff = TerminalDiff()
    thin(diff, sequence([(0, 0, "", "abcdef"), (3, 0, "", "below")]))
    diff.resized((4, 3))
    assert thin(diff, "").endswith("abcd")
    diff.resized((20, 6))
    assert shown(diff.drain()) == shown(sequence([(0, 0, "", "abcdef"), (3, 0, "", "below")]))


def test_a_frame_is_enclosed_where_the_terminal_can_hold_still() -> None:
    diff = TerminalDiff()
    assert thin(diff, "\x1b[?2026h\x1b[?2026l") == "", "nothing is new"
    sent = thin(diff, f"\x1b[?2026h{sequence([(0, 0, '', 'x')])}\x1b[?2026l")
    assert sent.startswith("\x1b[?2026h")
    assert sent.endswith("\x1b[?2026l")


def test_cells_that_others_have_drawn_over_are_sent_again() -> None:
    diff = TerminalDiff()
    paint = sequence([(0, 0, "", "ab画d"), (1, 0, "", "efgh")])
    thin(diff, paint)
    diff.soil(1, 0, 3, 1)
    assert diff.drain().endswith("\x1b[1;2Hb画")
    assert thin(diff, paint) == ""


def test_who_leaves_is_not_sent_what_waits() -> None:
    diff = TerminalDiff()
    diff.take(sequence([(0, 0, "", "old news")]))
    left = thin(diff, "\x1b[?1049l")
    assert "old news" not in left
    assert left.endswith("\x1b[?1049l")
