"""What part of a course is looked at: zooming keeps a place where it is, and the newest line is followed or left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_tui.state.viewport import LEAST, Viewport, newest_part, panned, rescaled, shown, whole, with_cursor, zoomed

COURSE = (0.0, 1000.0)


def closer_look(view: Viewport, factor: float, around: float | None = None) -> Viewport:
    return zoomed(view, COURSE, shown(view, COURSE), factor, around)


def test_at_first_the_whole_course_is_seen_and_zooming_out_comes_back_to_it() -> None:
    assert shown(Viewport(), COURSE) == COURSE
    closer = closer_look(Viewport(), 0.5)
    assert shown(closer, COURSE) == (500.0, 1000.0), "the newest part, without a cursor"
    assert closer.follows
    assert shown(closer, (0.0, 1200.0)) == (700.0, 1200.0)
    assert closer_look(closer, 2) == Viewport()


def test_zooming_keeps_the_cursor_where_it_is_on_the_screen() -> None:
    closer = closer_look(Viewport(cursor=400.0), 0.5)
    assert shown(closer, COURSE) == (200.0, 700.0)
    assert not closer.follows
    assert shown(closer_look(closer, 0.5, around=200.0), COURSE) == (200.0, 450.0), "or another place"


def test_room_for_lines_to_come_counts_as_what_is_seen() -> None:
    closer = zoomed(Viewport(), COURSE, (0.0, 1250.0), 0.5, around=900.0)
    assert shown(closer, COURSE) == (450.0, 1075.0)
    assert 900.0 - 450.0 == (900.0 - 0.0) / 2, "as far from the left as before, on the screen"


def test_no_closer_than_some_steps() -> None:
    view = Viewport(cursor=400.0)
    for _ in range(20):
        view = closer_look(view, 0.5)
    assert view.width == LEAST["step"]


def test_panning_ends_at_both_ends_and_at_the_newest_it_follows() -> None:
    view = closer_look(Viewport(cursor=400.0), 0.5)
    assert shown(panned(view, COURSE, -0.25), COURSE) == (75.0, 575.0)
    assert shown(panned(view, COURSE, -9), COURSE) == (0.0, 500.0)
    assert panned(view, COURSE, 9).follows
    assert panned(Viewport(), COURSE, -0.25) == Viewport(), "the whole is there already"


def test_the_newest_part_and_back() -> None:
    view = newest_part(Viewport(cursor=3.0), COURSE)
    assert shown(view, COURSE) == (900.0, 1000.0)
    assert view.follows
    assert newest_part(view, COURSE) == Viewport()
    assert shown(newest_part(Viewport(width=10.0, end=20.0), COURSE), COURSE) == (900.0, 1000.0)
    assert whole(Viewport(width=10.0, end=20.0, cursor=15.0)) == Viewport()


def test_the_cursor_appears_at_the_newest_line_in_sight_and_takes_the_view_along() -> None:
    view = with_cursor(Viewport(width=100.0, end=500.0), COURSE, -10)
    assert view.cursor == 500.0
    assert with_cursor(view, COURSE, -60).cursor == 440.0
    left = with_cursor(view, COURSE, -150)
    assert left.cursor == 350.0
    assert shown(left, COURSE) == (350.0, 450.0)
    assert with_cursor(left, COURSE, -1e9).cursor == 0.0
    right = with_cursor(left, COURSE, +1e9)
    assert right.cursor == 1000.0
    assert right.follows


def test_scales_go_round_and_what_is_seen_stays() -> None:
    view = Viewport(width=100.0, end=500.0, cursor=450.0)
    epochs = rescaled(view, lambda step: step / 10)
    assert (epochs.scale, epochs.width, epochs.end, epochs.cursor) == ("epoch", 100.0, 500.0, 450.0)
    time = rescaled(epochs, lambda step: step / 10)
    assert (time.scale, time.width, time.end, time.cursor) == ("time", 10.0, 50.0, 45.0)
    assert rescaled(time, lambda seconds: seconds * 10) == view
    newest = rescaled(Viewport(scale="epoch", width=100.0), lambda step: step / 10)
    assert newest == Viewport(scale="time"), "how long the newest part takes nobody knows"


@given(st.lists(st.tuples(st.sampled_from(["zoom", "pan", "cursor", "newest"]), st.floats(-3, 3)), max_size=30))
def test_whatever_is_done_something_of_the_course_is_seen(moves: list[tuple[str, float]]) -> None:
    view = Viewport()
    for kind, by in moves:
        match kind:
            case "zoom":
                view = closer_look(view, 2.0**by)
            case "pan":
                view = panned(view, COURSE, by)
            case "cursor":
                view = with_cursor(view, COURSE, 200 * by)
            case _:
                view = newest_part(view, COURSE)
        low, high = shown(view, COURSE)
        assert COURSE[0] - 1e-6 <= low < min(high, COURSE[1]) + 1e-6
        assert view.width is None or high - low == pytest.approx(view.width)
        assert view.cursor is None or COURSE[0] <= view.cursor <= COURSE[1]
