"""A list moves no further than it must to show what is selected."""

from __future__ import annotations

import pytest

from gan_tui.state.scroll import scrolled


@pytest.mark.parametrize(
    ("first", "selected", "expected"),
    [(0, 0, 0), (0, 3, 0), (0, 4, 1), (0, 9, 6), (6, 7, 6), (6, 5, 5), (6, 0, 0), (9, 9, 6)],
)
def test_the_selected_line_is_in_view(first: int, selected: int, expected: int) -> None:
    assert scrolled(first, selected, count=10, room=4) == expected


def test_a_list_that_fits_stands_still() -> None:
    assert {scrolled(3, selected, count=4, room=9) for selected in range(4)} == {0}
    assert scrolled(0, 0, count=0, room=1) == 0
