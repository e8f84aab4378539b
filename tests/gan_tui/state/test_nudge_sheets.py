"""Before and after a nudge: the sheets on both sides, and what else was changed between them."""

from __future__ import annotations

from engine.protocol.events import Sampled
from gan_tui.state.markers import Marker
from gan_tui.state.nudge_sheets import before_after, nudge_near, nudges_of

STEPS = (100, 200, 300, 400)
SHEETS = tuple(
    Sampled(seq=step, step=step, time=0.0, path=f"{step}", tile=8, rows=(("real_A", "fake_B"),)) for step in STEPS
)
NUDGES = tuple(Marker(step=step, kind="nudge", text=str(step)) for step in (50, 200, 350))
CHECKPOINT = Marker(step=60, kind="checkpoint")


def steps(sheets: tuple[Sampled, ...]) -> list[int]:
    return [sheet.step for sheet in sheets]


def test_nudges_are_told_from_other_markers() -> None:
    assert nudges_of((NUDGES[2], CHECKPOINT, NUDGES[0])) == (NUDGES[0], NUDGES[2])


def test_the_nudge_at_the_cursor_is_the_one_that_was_in_force() -> None:
    assert [nudge_near(NUDGES, step) for step in (None, 10, 50, 199, 200, 900)] == [2, 0, 0, 0, 1, 2]
    assert nudge_near((), None) is None


def test_the_step_of_a_nudge_was_made_with_the_old_values() -> None:
    pair = before_after(NUDGES, 1, SHEETS)
    assert pair.before == SHEETS[1]
    assert steps(pair.later) == [300, 400]


def test_the_sheet_after_it_shows_its_work_alone_where_there_is_one() -> None:
    pair = before_after(NUDGES, 1, SHEETS)
    assert pair.after == SHEETS[2]
    assert pair.others == ()
    other = before_after(NUDGES, 1, SHEETS, path="400")
    assert other.after == SHEETS[3]
    assert other.others == (NUDGES[2],)


def test_what_was_changed_between_the_sheet_before_and_the_nudge_is_told_too() -> None:
    close = (*NUDGES[:2], Marker(step=210, kind="nudge", text="210"))
    assert before_after(close, 2, SHEETS).others == (close[1],)
    assert before_after(close, 1, SHEETS).after == SHEETS[2], "none is between the two, so the first after both"
    assert before_after(close, 1, SHEETS).others == (close[2],)


def test_sheets_may_be_missing_on_either_side() -> None:
    first = before_after(NUDGES, 0, SHEETS)
    assert first.before is None
    assert first.after == SHEETS[1]
    last = before_after(NUDGES, 2, SHEETS[:3])
    assert last.before == SHEETS[2]
    assert (last.after, last.later, last.others) == (None, (), ())
