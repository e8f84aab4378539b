"""Which sheet is looked at: at a step, or so many after another."""

from __future__ import annotations

import pytest

from engine.protocol.events import Sampled
from gan_tui.state.sheets import sheet_at, sheet_of, stepped

SHEETS = tuple(
    Sampled(seq=seq, step=step, time=0.0, path=path, tile=8, rows=(("real_A",),))
    for seq, (step, path) in enumerate([(10, "a"), (20, "b"), (20, "b-2"), (30, "c")], start=1)
)


def test_the_newest_is_shown_unless_another_is_chosen() -> None:
    assert sheet_of(SHEETS, None) == sheet_of(SHEETS, "gone") == SHEETS[-1]
    assert sheet_of(SHEETS, "b") == SHEETS[1]
    assert sheet_of((), None) is None


@pytest.mark.parametrize(("step", "path"), [(5, "a"), (10, "a"), (19.9, "a"), (20, "b-2"), (99, "c")])
def test_the_newest_sheet_of_a_step_or_before_it(step: float, path: str) -> None:
    found = sheet_at(SHEETS, step)
    assert found is not None
    assert found.path == path
    assert sheet_at((), step) is None


@pytest.mark.parametrize(
    ("path", "by", "expected"),
    [(None, -1, "b-2"), ("b-2", -1, "b"), ("b", -9, "a"), ("a", 1, "b"), ("b-2", 1, None), (None, 1, None)],
)
def test_stepping_ends_at_both_ends_and_follows_at_the_last(path: str | None, by: int, expected: str | None) -> None:
    assert stepped(SHEETS, path, by) == expected
    assert stepped((), path, by) is None
