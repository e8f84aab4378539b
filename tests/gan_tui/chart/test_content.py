"""What a chart shows of a selection."""

from __future__ import annotations

from math import log10

import pytest

from gan_tui.chart.content import COLUMNS, chart_of
from gan_tui.state.selection import BehindIt
from tests.gan_tui.chart.selections import RISING, history_of, selection


def test_axes_curves_and_markers_of_a_part_of_the_course() -> None:
    chart = chart_of(selection(log=False))
    assert (chart.title, chart.told) == ("zebra: losses", "steps 0 to 100 · linear y · raw")
    assert [label for _, label in chart.x_ticks] == [str(step) for step in range(0, 101, 10)]
    assert [label for _, label in chart.y_ticks][:3] == ["0", "20", "40"]
    assert [(curve.name, curve.colour, curve.value) for curve in chart.curves] == [
        ("rising", 0, 100.0),
        ("flat", 3, 2.0),
    ]
    assert [at for at, _ in chart.markers] == [50, 80], "the alert is out of sight"
    bands = chart.curves[0].bands
    assert len(bands) == COLUMNS
    assert bands[COLUMNS // 2] == pytest.approx((50.0, 50.0), abs=0.5), "gaps between lines are filled"
    assert (chart.across(25), chart.up(chart.y.high), chart.up(-1e9)) == (0.25, 1.0, 0.0)


def test_a_logarithmic_axis_has_no_place_for_zero() -> None:
    chart = chart_of(selection(history=history_of(range(101)), log=True))
    assert chart.curves[0].bands[0] is None
    assert chart.y.high >= log10(100)
    assert "100" in [label for _, label in chart.y_ticks]
    assert chart.up(0.0) == 0.0
    short = chart_of(selection(x=(20, 60), keys=(RISING,), colours=(0,)))
    assert [label for _, label in short.y_ticks] == ["20", "30", "40", "50", "60"]


def test_smoothing_and_the_scale_are_those_of_the_screen() -> None:
    chart = chart_of(selection(smoothing=2, scale="epoch"))
    assert chart.told == "steps 0 to 100 · log y · smoother"
    assert chart.x_label == "epoch"
    assert [label for _, label in chart.x_ticks][-1] == "2"
    value = chart.curves[0].value
    assert value is not None
    assert 50 < value < 95, "the mean lags behind"


def test_the_run_behind_is_drawn_first_and_from_its_own_beginning() -> None:
    own, other = history_of(range(1, 101)), history_of(range(1, 51), factor=3.0)
    extent, theirs = own.extent("time"), other.extent("time")
    assert extent
    assert theirs
    behind = BehindIt(name="horse", history=other, shift=extent[0] - theirs[0])
    chart = chart_of(selection(history=own, behind=behind, x=extent, scale="time", markers=()))
    assert [(curve.name, curve.behind, curve.value) for curve in chart.curves[:2]] == [
        ("rising", True, 150.0),
        ("flat", True, 6.0),
    ]
    assert chart.behind == "horse"
    assert chart.x_ticks[0] == (extent[0], "0s")
