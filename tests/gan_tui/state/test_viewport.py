"""What part of a course is looked at: zooming keeps a place where it is, and the newest line is followed or left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_tui.state.viewport import (
    LEAST,
    Course,
    Extent,
    Viewport,
    newest_part,
    panned,
    rescaled,
    whole,
    with_cursor,
    zoomed,
)

COURSE = Course(0.0, 1000.0, 1000.0)
LONGER = Course(0.0, 1000.0, 3000.0)
"""With a run behind that has come further."""


def seen(view: Viewport, course: Course = COURSE) -> Extent:
    """The axis as a plot without headroom would have it."""
    if view.width is None:
        return course.first, course.end
    end = course.newest if view.end is None else view.end
    return end - view.width, end


def closer_look(view: Viewport, factor: float, around: float | None = None) -> Viewport:
    return zoomed(view, COURSE, seen(view), factor, around)


def pan(view: Viewport, by: float, course: Course = COURSE) -> Viewport:
    return panned(view, course, seen(view, course), by)


def put_cursor(view: Viewport, by: float, course: Course = COURSE) -> Viewport:
    return with_cursor(view, course, seen(view, course), by)


def test_at_first_the_whole_course_is_seen_and_zooming_out_comes_back_to_it() -> None:
    closer = closer_look(Viewport(), 0.5)
    assert seen(closer) == (500.0, 1000.0), "the newest part, without a cursor"
    assert closer.follows
    assert seen(closer, Course(0.0, 1200.0, 1200.0)) == (700.0, 1200.0)
    assert closer_look(closer, 2) == Viewport()


def test_zooming_keeps_the_cursor_where_it_is_on_the_screen() -> None:
    closer = closer_look(Viewport(cursor=400.0), 0.5)
    assert seen(closer) == (200.0, 700.0)
    assert not closer.follows
    assert seen(closer_look(closer, 0.5, around=200.0)) == (200.0, 450.0), "or another place"


def test_room_for_lines_to_come_counts_as_what_is_seen() -> None:
    closer = zoomed(Viewport(), COURSE, (0.0, 1250.0), 0.5, around=900.0)
    assert seen(closer) == (450.0, 1075.0)
    assert 900.0 - 450.0 == (900.0 - 0.0) / 2, "as far from the left as before, on the screen"


def test_no_closer_than_some_steps() -> None:
    view = Viewport(cursor=400.0)
    for _ in range(20):
        view = closer_look(view, 0.5)
    assert view.width == LEAST["step"]


def test_panning_begins_where_the_axis_is_and_at_the_newest_it_follows() -> None:
    view = Viewport(width=500.0, end=700.0)
    assert seen(pan(view, -0.25)) == (75.0, 575.0)
    assert seen(pan(view, -9)) == (0.0, 500.0)
    assert pan(view, 9).follows
    assert pan(Viewport(), -0.25) == Viewport(), "the whole is there already"
    assert panned(Viewport(width=500.0), COURSE, (600.0, 1100.0), -0.25).end == 975.0, "a quarter of what was seen"
    assert panned(Viewport(width=500.0, end=1225.0), COURSE, (725.0, 1225.0), -0.25).end == 1100.0


def test_beside_a_longer_run_one_can_go_to_its_end_and_the_own_newest_line_is_followed() -> None:
    assert seen(newest_part(Viewport(), LONGER), LONGER) == (900.0, 1000.0)
    view = Viewport(width=500.0, end=900.0)
    assert pan(view, 1, LONGER).end == 1400.0
    assert pan(view, 99, LONGER).end == 3000.0
    assert put_cursor(Viewport(), 0, LONGER).cursor == 1000.0, "it appears at the own newest line"
    assert put_cursor(Viewport(cursor=2900.0), 500, LONGER).cursor == 3000.0


def test_a_cursor_that_is_out_of_sight_is_gone() -> None:
    view = Viewport(width=200.0, end=600.0, cursor=500.0)
    assert pan(view, 0.25).cursor == 500.0
    assert pan(view, 3).cursor is None


def test_the_newest_part_and_back() -> None:
    view = newest_part(Viewport(cursor=3.0), COURSE)
    assert seen(view) == (900.0, 1000.0)
    assert view.follows
    assert newest_part(view, COURSE) == Viewport()
    assert seen(newest_part(Viewport(width=10.0, end=20.0), COURSE)) == (900.0, 1000.0)
    assert whole(Viewport(width=10.0, end=20.0, cursor=15.0)) == Viewport()


def test_the_cursor_appears_at_the_newest_line_in_sight_and_takes_the_view_along() -> None:
    view = put_cursor(Viewport(width=100.0, end=500.0), -10)
    assert view.cursor == 500.0
    assert put_cursor(view, -60).cursor == 440.0
    left = put_cursor(view, -150)
    assert left.cursor == 350.0
    assert seen(left) == (350.0, 450.0)
    assert put_cursor(left, -1e9).cursor == 0.0
    right = put_cursor(left, +1e9)
    assert right.cursor == 1000.0
    assert seen(right) == (900.0, 1000.0)


def test_with_a_cursor_what_is_looked_at_stands_still() -> None:
    reading = with_cursor(Viewport(width=100.0), COURSE, (920.0, 1020.0), 0)
    assert (reading.cursor, reading.end) == (1000.0, 1020.0)


def test_scales_go_round_and_what_is_seen_stays() -> None:
    view = Viewport(width=100.0, end=500.0, cursor=450.0)
    epochs = rescaled(view, 1000.0, lambda step: step / 10)
    assert (epochs.scale, epochs.width, epochs.end, epochs.cursor) == ("epoch", 100.0, 500.0, 450.0)
    time = rescaled(epochs, 1000.0, lambda step: step / 10)
    assert (time.scale, time.width, time.end, time.cursor) == ("time", 10.0, 50.0, 45.0)
    assert rescaled(time, 100.0, lambda seconds: seconds * 10) == view
    newest = rescaled(Viewport(scale="epoch", width=100.0), 1000.0, lambda step: step / 10)
    assert newest == Viewport(scale="time", width=10.0)


@given(
    st.sampled_from([COURSE, LONGER]),
    st.lists(st.tuples(st.sampled_from(["zoom", "pan", "cursor", "newest"]), st.floats(-3, 3)), max_size=30),
)
def test_whatever_is_done_something_of_the_course_is_seen(course: Course, moves: list[tuple[str, float]]) -> None:
    view = Viewport()
    for kind, by in moves:
        match kind:
            case "zoom":
                view = zoomed(view, course, seen(view, course), 2.0**by)
            case "pan":
                view = pan(view, by, course)
            case "cursor":
                view = put_cursor(view, 200 * by, course)
            case _:
                view = newest_part(view, course)
        low, high = seen(view, course)
        assert course.first - 1e-6 <= low < min(high, course.end) + 1e-6
        assert view.width is None or high - low == pytest.approx(view.width)
        assert view.cursor is None or low - 1e-6 <= view.cursor <= high + 1e-6
