"""The bounded history: nothing lost in extremes and means, bounded memory, truncation, holes."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.protocol.events import Metrics
from gan_tui.state.history import History
from gan_tui.state.series import EMPTY, SeriesKey, joined
from tests.gan_tui.long_records import shown_by

LOSS = SeriesKey("loss", "G")


def line(step: int, value: float | None, **losses: float | None) -> Metrics:
    return Metrics(
        seq=step, step=step, time=1000.0 + step, epoch=1, images=step, losses={"G": value, **losses},
        lr={}, weights={}, throughput=1.0, data_wait=0.0,
    )  # fmt: skip


def filled(values: list[float | None], capacity: int = 16) -> History:
    history = History(capacity)
    for step, value in enumerate(values, start=1):
        history.record(line(step, value))
    return history


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=3000),
    st.sampled_from([16, 64]),
    st.integers(1, 40),
)
def test_no_extreme_no_mean_and_no_hole_is_lost(values: list[float | None], capacity: int, columns: int) -> None:
    history = filled(values, capacity)
    whole = EMPTY
    for span in history.decimate([LOSS], 0, len(values), columns)[LOSS]:
        whole = joined(whole, span)
    finite = [value for value in values if value is not None]
    assert whole.finite == len(finite)
    assert whole.holes == len(values) - len(finite)
    if finite:
        assert (whole.low, whole.high) == (min(finite), max(finite))
        assert isclose(whole.mean, sum(finite) / len(finite), rel_tol=1e-6, abs_tol=1e-3)


def test_memory_is_bounded() -> None:
    history = filled([float(step) for step in range(20_000)], capacity=16)
    assert len(history._buckets) <= 16
    assert len(history._recent) <= max(2 * 16, history._buckets.stride + 512)
    assert history.extent() == (1, 20_000)
    assert history.extent("time") == (1001.0, 21_000.0)


def test_a_recent_range_is_seen_line_by_line() -> None:
    history = filled([float(step) for step in range(1, 5001)], capacity=256)
    spans = history.decimate([LOSS], 4990, 5000, 10)[LOSS]
    assert [span.low for span in spans[:9]] == [float(step) for step in range(4990, 4999)]


def test_columns_hold_what_lies_in_them() -> None:
    history = filled([1.0, 5.0, 2.0, None])
    first, second = history.decimate([LOSS], 1, 5, 2)[LOSS]
    assert (first.low, first.high, first.holes) == (1.0, 5.0, 0)
    assert (second.low, second.high, second.holes) == (2.0, 2.0, 1)


def test_the_moment_of_a_place_is_that_of_the_line_there_or_before() -> None:
    history = History(capacity=16)
    assert history.moment(5) is None
    for step in range(10, 20_010, 10):
        history.record(line(step, 1.0))
    newest = history.moment(20_000)
    assert newest is not None
    assert newest[0] == 20_000
    assert history.moment(19_997) == history.moment(19_990) == (19_990, 1000.0 + 19_990), (
        "line by line where lines are at hand"
    )
    assert history.moment(1e9) == newest
    assert history.moment(newest[1], "time") == newest
    early = history.moment(5035)
    assert early is not None
    assert 3000 < early[0] <= 5035, "by parts of the course where they are not"
    assert history.moment(9) is None


def test_a_series_has_ended_when_the_newest_line_does_not_have_it() -> None:
    history = History()
    f = SeriesKey("loss", "f")
    assert history.ended() == frozenset()
    for step in range(1, 4):
        history.record(replace(line(step, 1.0), losses={"f": 0.5}))
    assert history.ended() == frozenset()
    history.record(replace(line(4, 1.0), losses={"f": 0.5, "G": 2.0}))
    assert history.ended() == frozenset()
    history.record(line(5, None))
    assert history.ended() == {f}, "what is not finite is measured still"
    history.truncate_after(3)
    assert history.ended() == {LOSS}
    spans = history.decimate([f, LOSS], 1, 4, 3)
    assert [span.finite for span in spans[f]] == [1, 1, 1]
    assert sum(span.finite + span.holes for span in spans[LOSS]) == 0


@pytest.mark.parametrize("cut", [0, 1, 100, 700, 2999, 3000, 5000])
@pytest.mark.parametrize("capacity", [16, 4096])
def test_truncation_keeps_the_course_before_it(cut: int, capacity: int) -> None:
    history = filled([float(step) for step in range(1, 3001)], capacity)
    course = history.course
    history.truncate_after(cut)
    kept = min(cut, 3000)
    assert (history.course > course) == (cut < 3000)
    extent = history.extent()
    assert extent == ((1, kept) if kept else None)
    if not kept:
        return
    history.record(line(kept + 1, 0.5))
    whole = EMPTY
    for span in history.decimate([LOSS], 0, kept + 1, 8)[LOSS]:
        whole = joined(whole, span)
    assert whole.low == 0.5
    assert whole.high >= kept


def test_a_series_that_comes_late_is_empty_before() -> None:
    history = History(16)
    for step in range(1, 1001):
        history.record(line(step, 1.0))
    for step in range(1001, 2001):
        history.record(line(step, 1.0, extra=7.0))
    extra = SeriesKey("loss", "extra")
    assert extra in history.series()
    early, late = history.decimate([extra], 0, 2000, 2)[extra]
    assert early.finite < history._buckets.stride
    assert early.finite + late.finite == 1000
    assert early.holes == late.holes == 0
    assert history.decimate([SeriesKey("loss", "unheard")], 0, 2000, 2).popitem()[1] == [EMPTY, EMPTY]


def test_time_never_falls_where_the_clock_was_set_back() -> None:
    history = History(16)
    clocks = [100.0, 110.0, 120.0, -3480.0, -3470.0, -3460.0, -9000.0, -8990.0]
    for step, clock in enumerate(clocks, start=1):
        history.record(replace(line(step, float(step)), time=clock))
    assert history.extent("time") == (100.0, 150.0), "the seconds that cannot be known count nothing"
    seen = history.decimate([LOSS], 100.0, 150.0, 50, "time")[LOSS]
    assert [span.low for span in seen if span.finite] == [1.0, 2.0, 3.0, 5.0, 6.0, 8.0], "4 and 7 share a column"
    assert sum(span.finite for span in seen) == len(clocks)


def test_time_goes_on_after_the_part_of_a_course_that_was_dropped() -> None:
    history = History(16)
    for step, clock in enumerate([100.0, 110.0, 50.0, 60.0], start=1):
        history.record(replace(line(step, 1.0), time=clock))
    history.truncate_after(1)
    assert history.extent("time") == (100.0, 100.0)
    history.record(replace(line(2, 1.0), time=45.0))
    assert history.extent("time") == (100.0, 105.0), "the clock stays set back, and what was dropped counts nothing"


@pytest.mark.parametrize("capacity", [16, 4096])
def test_a_step_that_comes_again_takes_the_place_of_what_followed_it(capacity: int) -> None:
    """The resume between the two is lost: its line of the journal was damaged."""
    history = filled([1.0] * 1000, capacity)
    for step in range(601, 801):
        history.record(line(step, 2.0))
    assert history.extent() == (1, 800)
    spans = history.decimate([LOSS], 1, 800, 8)[LOSS]
    assert sum(span.finite for span in spans) == pytest.approx(800, abs=2 * history._buckets.stride)
    assert (spans[0].high, spans[-1].low, spans[-1].high) == (1.0, 2.0, 2.0)


def test_adopting_is_to_become_the_other_at_once() -> None:
    coarse, whole = filled([1.0, 2.0, 3.0]), History(16)
    coarse.coarse = True
    for step in range(1, 2001):
        clock = 1000.0 + step - (3600 if step > 1500 else 0)
        whole.record(replace(line(step, float(step % 7), late=1.0), time=clock))
    version, course, expected = coarse.version, coarse.course, shown_by(whole)
    coarse.adopt(whole)
    assert shown_by(coarse) == expected
    assert coarse.version > version
    assert coarse.course > course
    assert not coarse.coarse
    coarse.record(replace(line(2001, 5.0, late=1.0), time=1000.0 + 2001 - 3600))
    assert coarse.extent() == (1, 2001)
    assert coarse.extent("time") == (1001.0, 3000.0), "a second was lost where the clock was set back"


def test_figures_hold_until_the_next_evaluation_and_not_beyond_what_was_dropped() -> None:
    history = History()
    key = SeriesKey("figure", "psnr")
    for step, figures in enumerate(({}, {"psnr": 10.0}, {}, {"psnr": 12.0}, {}), start=1):
        history.record(replace(line(step, 1.0), figures=figures))
    spans = history.decimate([key], 1, 6, 5)[key]
    assert [span.mean for span in spans if span.finite] == [10.0, 10.0, 12.0, 12.0]
    assert spans[0] == EMPTY
    history.truncate_after(3)
    history.record(line(4, 1.0))
    assert [span.finite for span in history.decimate([key], 1, 6, 5)[key]] == [0, 1, 1, 0, 0]
    history.record(replace(line(5, 1.0), figures={"psnr": None}))
    assert history.decimate([key], 1, 6, 5)[key][4].holes == 1
