"""Lines of a log: made harmless, joined where they were torn, and searched."""

from __future__ import annotations

import pytest

from gan_tui.state.log_lines import (
    LINES_KEPT,
    Log,
    News,
    level_of,
    matching_lines,
    next_match,
    parts_of,
    shown_line,
    stamp_length,
    with_news,
)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[31mred\x1b[0m and \x1b]0;title\x07plain", "red and plain"),
        (" 10%|#  |\r 20%|## |\r 30%|###|", " 30%|###|"),
        ("done\r", "done"),
        ("a\tb  ", "a   b"),
        ("bell\x07 and half\x1b[", "bell� and half�["),
        ("right\u202eleft", "right�left"),
    ],
)
def test_what_would_move_or_colour_the_terminal_is_gone(line: str, shown: str) -> None:
    assert shown_line(line) == shown


def test_a_line_says_how_serious_it_is() -> None:
    stamp = "2026-11-22 08:00:00,123"
    assert level_of(f"{stamp} INFO engine: hello") == "plain"
    assert level_of(f"{stamp} WARNING engine: hm") == "warning"
    assert level_of(f"{stamp} ERROR engine: no") == "error"
    assert stamp_length(f"{stamp} ERROR engine: no") == len(stamp) + 1
    assert stamp_length("Traceback") == 0
    assert level_of("ERROR in the middle of something") == "plain"


def test_an_unfinished_line_is_finished_by_what_comes_next() -> None:
    log = with_news(Log(), News(("one", "tw"), unfinished=True, anew=True, skipped=7))
    log = with_news(log, News(("two", "three")))
    assert (log.lines, log.skipped, log.unfinished) == (("one", "two", "three"), 7, False)
    assert with_news(log, News(("another",), anew=True)).lines == ("another",)
    assert with_news(log, News((), anew=True, trouble="it is gone")) == Log(trouble="it is gone", read=True)


def test_of_very_many_lines_the_newest_are_kept() -> None:
    log = with_news(Log(), News(tuple(map(str, range(LINES_KEPT + 10))), anew=True))
    assert (len(log.lines), log.lines[-1]) == (LINES_KEPT, str(LINES_KEPT + 9))


def test_a_search_goes_round_whatever_the_case() -> None:
    lines = ["Loss is NaN", "fine", "nan again", "fine"]
    matches = matching_lines(lines, "nan")
    assert matches == [0, 2]
    assert [next_match(matches, 0, +1), next_match(matches, 2, +1)] == [2, 0]
    assert [next_match(matches, 4, -1), next_match(matches, 0, -1)] == [2, 2]
    assert next_match([], 0, 1) is None
    assert matching_lines(lines, "") == []


def test_what_was_found_is_told_from_the_rest_of_its_line() -> None:
    assert parts_of("a NaN, nan.", "nan") == [("a ", False), ("NaN", True), (", ", False), ("nan", True), (".", False)]
    assert parts_of("f(x", "(") == [("f", False), ("(", True), ("x", False)]
    assert parts_of("plain", "") == [("plain", False)]
