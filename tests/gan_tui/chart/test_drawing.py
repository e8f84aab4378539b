"""Charts as SVG and PNG: whole, readable, and harmless."""

from __future__ import annotations

import io
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from gan_tui.chart.content import chart_of
from gan_tui.chart.layout import HEIGHT, INKS, WIDTH, laid_out
from gan_tui.chart.png import SCALE, png
from gan_tui.chart.shapes import Sheet, Stroke, Words
from gan_tui.chart.svg import svg
from gan_tui.state.selection import BehindIt
from gan_tui.state.series import SeriesKey
from tests.gan_tui.chart.selections import RISING, history_of, selection
from tests.gan_tui.recorded import Recording

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def sheet() -> Sheet:
    behind = BehindIt(name="horse", history=history_of(range(1, 51), factor=3.0))
    return laid_out(chart_of(selection(run="zebra<&>", behind=behind)))


def test_an_svg_has_all_that_the_screen_has_as_text(sheet: Sheet) -> None:
    root = ET.fromstring(svg(sheet))
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert {"zebra<&>: losses", "rising", "flat", "100.0 (150.0)", "2.000 (6.000)", "nudge", "checkpoint"} <= set(texts)
    assert "alert" not in texts, "there is none in sight"
    assert any("horse" in str(text) for text in texts)
    hints = [each.text for each in root.iter(f"{SVG}title")]
    assert "step 50: loss.cycle_a 10 → 5 <&> (you)" in hints
    dashed = [each for each in root.iter(f"{SVG}polyline") if each.get("stroke-dasharray")]
    assert len(dashed) == 2 + 1 + 1, "two curves behind, a nudge, and the legend"


def test_between_two_lines_a_curve_is_straight_on_a_logarithmic_axis_too() -> None:
    history = history_of([10, 1000])
    sheet = laid_out(chart_of(selection(history=history, keys=(RISING,), colours=(0,), x=(0, 1000))))
    [curve] = [shape for shape in sheet.shapes if isinstance(shape, Stroke) and shape.width == 1.6]
    assert len(curve.points) == 2


def test_a_part_between_two_lines_has_the_curve_that_passes_from_edge_to_edge() -> None:
    history = history_of([10, 1000])
    chart = chart_of(selection(history=history, keys=(RISING,), colours=(0,), x=(400, 600)))
    [curve] = [shape for shape in laid_out(chart).shapes if isinstance(shape, Stroke) and shape.width == 1.6]
    assert len(curve.points) == 2
    assert chart.curves[0].value is None, "nothing was measured there"
    assert 10**chart.y.low < 400 < 600 < 10**chart.y.high


def test_everything_is_on_the_paper_and_no_two_names_are_on_one_line() -> None:
    keys = tuple(SeriesKey("loss", f"cycle_of_a_long_name_{number}") for number in range(40))
    history = history_of(range(1, 101))
    names = {key.name: 2.0 + number / 1000 for number, key in enumerate(keys)}
    for step in range(101, 131):
        history.record(Recording().metrics(step, losses=names))
    sheet = laid_out(chart_of(selection(history=history, keys=keys, colours=tuple(range(40)), x=(0, 130))))
    words = [shape for shape in sheet.shapes if isinstance(shape, Words)]
    assert all(0 <= word.at[0] <= WIDTH and 0 <= word.at[1] <= HEIGHT for word in words)
    heights = sorted(word.at[1] for word in words if word.text.startswith("cycle_of"))
    assert len(heights) > 30
    assert min(b - a for a, b in pairwise(heights)) > 15


def test_a_png_has_the_curves_in_their_colours(sheet: Sheet) -> None:
    with Image.open(io.BytesIO(png(sheet))) as opened:
        assert opened.size == (SCALE * WIDTH, SCALE * HEIGHT)
        assert opened.text["Title"] == "zebra<&>: losses"  # type: ignore[attr-defined]
        counted = opened.convert("RGB").getcolors(1 << 24)
    assert counted
    colours = {"#{:02X}{:02X}{:02X}".format(*colour): count for count, colour in counted}  # type: ignore[misc]
    for number in (0, 3):
        assert colours[INKS.of(number, behind=False)] > 1000
        assert colours[INKS.of(number, behind=True)] > 100
