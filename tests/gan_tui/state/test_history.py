"""The bounded history: nothing lost in extremes and means, bounded memory, truncation, holes."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.protocol.events import Metrics
from gan_tui.state.history import History
from gan_tui.state.series import EMPTY, SeriesKey, joined

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
