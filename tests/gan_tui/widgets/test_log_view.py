"""How the lines of a log are wrapped."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from gan_tui.widgets.log_view import LONGEST, wrapped


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("", [""]),
        ("short", ["short"]),
        ("exactly ten", ["exactly ", "ten"]),
        ("two wordsxx", ["two wordsx", "x"]),
        ("0123456789 next", ["0123456789", "next"]),
        ("/a/long/path/of/a/file", ["/a/long/pa", "th/of/a/fi", "le"]),
        ("画画画画画画", ["画画画画画", "画"]),
        (
            "cafe\N{COMBINING ACUTE ACCENT} noir\N{COMBINING ACUTE ACCENT}",
            ["cafe\N{COMBINING ACUTE ACCENT} noir\N{COMBINING ACUTE ACCENT}"],
        ),
    ],
)
def test_lines_break_between_words_where_that_leaves_no_row_half_empty(line: str, rows: list[str]) -> None:
    assert wrapped(line, 10) == rows


def test_a_row_takes_a_letter_at_least() -> None:
    assert wrapped("画画", 1) == ["画", "画"]


def test_what_is_longer_than_people_read_is_cut() -> None:
    rows = wrapped("x" * 10 * LONGEST, 80)
    assert len(rows) == LONGEST // 80
    assert rows[-1].endswith("…")
    assert max(map(cell_len, rows)) == 80
