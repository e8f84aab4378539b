"""Axes: jumps, round ticks, labels."""

from __future__ import annotations

from math import log10

import pytest

from gan_tui.state.axes import Range, count_label, fitted, grown, log_ticks, placed, reading, ticks, value_label


def test_an_x_axis_stays_until_it_is_outgrown() -> None:
    axis = grown(None, 20, 1000)
    assert axis.low == 0
    assert axis.high > 1000
    assert grown(axis, 20, 1200) == axis
    longer = grown(axis, 20, 1300)
    assert longer.high > axis.high
    assert grown(axis, 20, 30).high < axis.high


def test_an_x_axis_does_not_reach_past_the_end_of_the_run() -> None:
    assert grown(None, 0, 950, limit=1000).high == 1000
    assert grown(None, 0, 100, limit=1000).high == 125


def test_an_x_axis_from_before_the_end_was_known_is_drawn_anew() -> None:
    early = grown(None, 1, 1000)
    assert early.high > 1000
    assert grown(early, 1, 1000, 1000).high == 1000
    assert grown(grown(early, 1, 400, 1000), 1, 400, 1000).high <= 1000


def test_a_y_axis_stays_while_data_fills_it() -> None:
    axis = fitted(None, 0.0, 10.0, log=False)
    assert fitted(axis, 1.0, 9.0, log=False) == axis
    assert fitted(axis, 4.0, 6.0, log=False) != axis
    assert fitted(axis, -1.0, 9.0, log=False) != axis


@pytest.mark.parametrize("log", [False, True])
def test_a_constant_series_has_an_axis(log: bool) -> None:
    axis = fitted(None, 2.0, 2.0, log=log)
    middle = log10(2.0) if log else 2.0
    assert axis.low < middle < axis.high


def test_a_logarithmic_axis_survives_zero() -> None:
    axis = fitted(None, 0.0, 100.0, log=True)
    assert axis.high - axis.low <= 6


def test_ticks_are_round_and_inside() -> None:
    assert ticks(Range(0, 10), 5) == [0, 2, 4, 6, 8, 10]
    shown = [round(10**tick, 6) for tick in log_ticks(Range(log10(0.1), log10(5)), 6)]
    assert shown == [0.1, 0.2, 0.5, 1.0, 2.0, 5.0]


def test_labels() -> None:
    assert [value_label(value) for value in (0, 0.05, 1.5, 12, 3e-5, 250_000)] == [
        "0",
        "0.05",
        "1.5",
        "12",
        "3e-5",
        "2e5",
    ]
    assert [reading(value) for value in (0.17, 12.34, 3e-5, 0.0)] == ["0.170", "12.3", "3e-5", "0.000"]
    assert [count_label(value) for value in (500, 12_000, 1_500_000)] == ["500", "12k", "1.5M"]
    assert placed([(0, "0"), (5, "10k"), (7, "12k"), (19, "20k")], 20) == "0   10k          20k"
