"""Before and after a nudge: what is said above the pictures, where there is little room."""

from __future__ import annotations

import pytest

from engine.protocol.events import Sampled
from gan_tui.screens.before_after import ROWS, in_words
from gan_tui.state.markers import Marker
from gan_tui.state.nudge_sheets import BeforeAfter

SHEETS = tuple(
    Sampled(seq=step, step=step, time=0.0, path=f"{step}", tile=8, rows=(("real_A", "fake_B"),)) for step in (100, 300)
)


def said(others: int, width: int, text: str = "loss.cycle_a 10 → 8 (you)") -> list[str]:
    nudge = Marker(step=200, kind="nudge", text=text)
    pair = BeforeAfter(nudge=nudge, before=SHEETS[0], later=SHEETS[1:], shown=0, others=(nudge,) * others)
    lines = in_words(pair, width)
    assert len(lines) <= ROWS
    assert all(len(line) <= width for line in lines)
    return lines


def test_how_many_of_the_other_nudges_are_left_out_is_said() -> None:
    assert " ".join(said(5, 76)[2:]).endswith("▼ 200 loss.cycle_a 10 → 8 (you) and 2 more")
    assert " ".join(said(3, 76)[2:]).count("loss.cycle_a") == 3


@pytest.mark.parametrize("width", [56, 76, 116])
def test_a_long_nudge_leaves_them_a_line(width: int) -> None:
    lines = said(5, width, ", ".join(["loss.cycle_a 10 → 8 (you)"] * 12))
    assert lines[1].endswith("…")
    assert lines[-1] == "between them also 5 other nudges"
