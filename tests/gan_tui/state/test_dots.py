"""The dots of a part of the course: they are those of the whole, cut out, with lines over the edges."""

from __future__ import annotations

import pytest

from gan_tui.state.axes import Range
from gan_tui.state.dots import Dots, dots_of
from gan_tui.state.history import History
from gan_tui.state.series import SeriesKey
from tests.gan_tui.recorded import Recording

LOSS = SeriesKey("loss", "G_A")


def history_of(values: dict[int, float | None], capacity: int = 4096) -> History:
    """Lines at these steps."""
    recording, history = Recording(), History(capacity)
    for step, value in values.items():
        history.record(recording.metrics(step, losses={"G_A": value}))
    return history


def dots(history: History, low: float, high: float, columns: int, *, memory: float = 0.0, log: bool = False) -> Dots:
    [found] = dots_of(history, (LOSS,), Range(low, high), columns, "step", (memory,), log=log)
    return found


def lows(found: Dots) -> list[float | None]:
    return [None if band is None else band[0] for band in found.drawn]


def test_a_curve_goes_on_over_both_edges_and_only_what_is_there_is_read_off() -> None:
    history = history_of({10: 1.0, 20: 2.0, 30: 3.0})
    found = dots(history, 15.0, 25.0, 10)
    assert lows(found) == pytest.approx([1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.1, 2.2, 2.3, 2.4])
    assert [band for band in found.bands if band is not None] == [(2.0, 2.0)]


def test_smoothing_begins_anew_after_a_nudge() -> None:
    """The column of the nudge has lines of both sides; in the next the curve is where the lines are."""
    history = history_of({step: 1.0 if step <= 50 else 100.0 for step in range(1, 101)})

    def around(low: float, high: float, columns: int, *nudges: float) -> list[float]:
        [found] = dots_of(history, (LOSS,), Range(low, high), columns, "step", (0.9,), log=False, nudges=nudges)
        return [band[0] for band in found.bands if band is not None]

    assert around(0.0, 100.0, 100, 50.0) == pytest.approx([1.0] * 50 + [100.0] * 49)
    assert 1.0 < around(0.0, 100.0, 100)[60] < 99.0, "as it would be without"
    assert around(60.0, 70.0, 10, 50.0) == pytest.approx([100.0] * 10), "nor does what lies before the edge go over it"
    assert around(0.0, 100.0, 10, 50.0)[-4:] == pytest.approx([100.0] * 4)


def test_a_nudge_before_all_that_is_drawn_changes_nothing() -> None:
    history = history_of({step: float(step % 5) for step in range(100, 200)})
    for low in (95.0, 150.0):
        [with_it], [without] = (
            dots_of(history, (LOSS,), Range(low, 200.0), 20, "step", (0.9,), log=False, nudges=nudges)
            for nudges in ((10.0,), ())
        )
        assert with_it.bands == without.bands


def test_it_goes_on_however_far_off_the_next_line_is() -> None:
    history = history_of({0: 0.0, 1000: 10.0})
    found = dots(history, 500.0, 510.0, 5)
    assert lows(found) == pytest.approx([5.0, 5.02, 5.04, 5.06, 5.08])
    assert found.bands == [None] * 5
    assert found.in_sight()[-2:] == pytest.approx([(5.0, 5.0), (5.08, 5.08)]), "the y axis has room for it"


def test_it_ends_where_the_course_does_and_at_what_was_not_finite() -> None:
    course = history_of({20: 2.0, 22: 4.0})
    assert lows(dots(course, 15.0, 25.0, 5)) == pytest.approx([None, None, 2.0, 4.0, None])
    broken = history_of({10: 1.0, 12: None, 20: 2.0, 28: None, 30: 3.0})
    assert lows(dots(broken, 15.0, 25.0, 5)) == [None, None, 2.0, None, None]


def test_a_smoothed_curve_does_not_begin_anew_at_the_edge() -> None:
    values: dict[int, float | None] = {step: 1.0 if step % 2 else 3.0 for step in range(1, 201)}
    history = history_of(values)
    whole = dots(history, 0.5, 200.5, 200, memory=0.8)
    part = dots(history, 100.5, 150.5, 50, memory=0.8)
    assert [band[0] for band in part.bands if band] == pytest.approx(
        [band[0] for band in whole.bands[100:150] if band], rel=1e-4
    )
    assert len(part.drawn) == 50


def test_a_logarithmic_axis_has_no_line_to_what_it_cannot_show() -> None:
    history = history_of({10: 0.0, 20: 2.0, 30: 3.0})
    assert lows(dots(history, 15.0, 25.0, 5, log=True)) == pytest.approx([None, None, 2.0, 2.2, 2.4])


def test_the_nearest_lines_are_found_where_lines_are_kept_and_where_only_parts_of_the_course_are() -> None:
    history = history_of({step: float(step) for step in range(10, 20_001, 10)}, capacity=64)
    assert history.beyond(19_955.0, 19_965.0) == (19_950.0, 19_970.0)
    before, after = history.beyond(5_001.0, 5_002.0)
    assert before is not None
    assert after is not None
    assert 4_000 < before < 5_001 < 5_002 < after < 6_000
    found = lows(dots(history, 5_001.0, 5_002.0, 4))
    assert all(value is not None and 4_000 < value < 6_000 for value in found)
    assert history.beyond(0.0, 30_000.0) == (None, None)
    assert History().beyond(0.0, 1.0) == (None, None)
