"""Smoothing and bridging: a term that is switched off leaves no tail, and a logarithmic axis has no place for it."""

from __future__ import annotations

import pytest

from gan_tui.state.curves import Band, bridged, memory_of, positive, smoothed, smoothing_in_words
from gan_tui.state.series import EMPTY, SeriesKey, Span, span_of


def spans_of(*values: float) -> list[Span]:
    return [span_of([value]) for value in values]


def means(bands: list[Band]) -> list[float | None]:
    return [None if band is None else band[0] for band in bands]


def test_a_mean_follows_without_leaning_to_its_beginning() -> None:
    assert means(smoothed(spans_of(2.0, 2.0, 2.0), 0.8)) == pytest.approx([2.0, 2.0, 2.0])
    [_, second] = means(smoothed(spans_of(1.0, 2.0), 0.5))
    assert second == pytest.approx((1.0 * 0.5 + 2.0) / 1.5)


def test_what_was_set_is_drawn_as_it_was_set() -> None:
    weight, loss = SeriesKey("weight", "cycle_a"), SeriesKey("loss", "cycle_A")
    assert means(smoothed(spans_of(10.0, 5.0), memory_of(weight, 2))) == [10.0, 5.0]
    assert means(smoothed(spans_of(10.0, 5.0), memory_of(loss, 2)))[1] != 5.0
    assert (smoothing_in_words([weight], 2), smoothing_in_words([weight, loss], 2)) == ("raw", "smoother")
    assert smoothing_in_words([], 1) == "smooth", "where a filter leaves none, as it was chosen"


def test_a_term_switched_off_is_zero_at_once_and_begins_anew_when_switched_on() -> None:
    assert means(smoothed(spans_of(2.0, 2.0, 0.0, 0.0, 3.0, 3.0), 0.95)) == pytest.approx(
        [2.0, 2.0, 0.0, 0.0, 3.0, 3.0]
    )


def test_zero_among_other_values_of_a_column_is_a_value_like_them() -> None:
    [_, mixed] = smoothed([span_of([1.0]), span_of([0.0, 2.0])], 0.8)
    assert mixed == pytest.approx((1.0, 1.0))


def test_a_logarithmic_axis_leaves_a_gap_that_is_not_bridged() -> None:
    spans = [*spans_of(2.0), EMPTY, *spans_of(4.0, 0.0), EMPTY, *spans_of(3.0)]
    bands = positive(smoothed(spans, 0.0))
    assert means(bridged(bands, spans)) == [2.0, 3.0, 4.0, None, None, 3.0]


def test_of_a_column_that_reaches_down_to_zero_the_rest_is_shown() -> None:
    assert positive([(0.0, 2.0), (-1.0, 0.0), None]) == [(0.0, 2.0), None, None]
