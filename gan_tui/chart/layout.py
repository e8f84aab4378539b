"""Lays a chart out on a sheet of paper: frame, grid, curves with their names at their ends, markers, legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gan_tui.chart.content import Chart, ChartCurve
from gan_tui.chart.shapes import Area, Point, Shape, Sheet, Stroke, Words
from gan_tui.state.axes import reading
from gan_tui.state.markers import MarkerKind
from gan_tui.themes import COLOUR_BLIND_LIGHT, SERIES

WIDTH, HEIGHT = 1200, 675
LEFT, TOP, BOTTOM = 76.0, 76.0, 84.0
"""Room around the curves."""
LETTER = 8.4
"""Room for a letter of a name."""
LINE = 16.0
"""Between two names at the ends of curves, and the height of a line of text."""
PAPER = COLOUR_BLIND_LIGHT
"""Whose colours are taken: who will read a chart is not known."""
_MARKS: dict[MarkerKind, tuple[Point, ...]] = {
    "nudge": ((-6, -5), (6, -5), (0, 6)),
    "resume": ((-6, -6), (6, -6), (6, 6), (-6, 6)),
    "checkpoint": ((0, -6), (5, 0), (0, 6), (-5, 0)),
    "alert": ((0, -7), (7, 5), (-7, 5)),
    "note": ((-5, -3), (5, -3), (5, 3), (-5, 3)),
}
"""Outlines around a place on the x axis: no two are told apart by colour alone."""
_LINED: tuple[MarkerKind, ...] = ("nudge", "resume")
"""Markers with a line through the chart, because curves may bend there."""


class _Inks(NamedTuple):
    text: str
    faint: str
    frame: str
    mark: str
    alert: str

    @staticmethod
    def of(number: int, *, behind: bool) -> str:
        """A series' colour."""
        return PAPER.variables[f"{'beside' if behind else 'series'}-{number % SERIES}"]


INKS = _Inks(
    text=PAPER.foreground or "#000000",
    faint=PAPER.variables["faint"],
    frame=PAPER.variables["frame"],
    mark=PAPER.accent or "#000000",
    alert=PAPER.error or "#000000",
)


def laid_out(chart: Chart) -> Sheet:
    """The chart on paper."""
    shapes = [*_head(chart), *_axes(chart), *_markers(chart), *_curves(chart), *_names(chart), *_legend(chart)]
    return Sheet(width=WIDTH, height=HEIGHT, ground="#FFFFFF", title=chart.title, shapes=shapes)


def _x(chart: Chart, share: float) -> float:
    longest = max((len(curve.name) for curve in chart.curves), default=0)
    right = 40 + LETTER * longest + (110 if chart.behind else 56)
    return LEFT + share * (WIDTH - LEFT - right)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _head(chart: Chart) -> Iterator[Shape]:
    yield Words(at=(LEFT, 34), text=chart.title, colour=INKS.text, size=20, bold=True)
    yield Words(at=(LEFT, 56), text=chart.told, colour=INKS.faint)


def _axes(chart: Chart) -> Iterator[Shape]:
    for at, label in chart.y_ticks:
        y = _y((at - chart.y.low) / (chart.y.high - chart.y.low))
        yield Stroke(points=((LEFT, y), (_x(chart, 1), y)), colour="#E6E7E2")
        yield Words(at=(LEFT - 10, y + 4.5), text=label, colour=INKS.text, anchor="end")
    for at, label in chart.x_ticks:
        x = _x(chart, chart.across(at))
        yield Stroke(points=((x, _y(0)), (x, _y(0) + 6)), colour=INKS.frame)
        yield Words(at=(x, _y(0) + 26), text=label, colour=INKS.text, anchor="middle")
    yield Stroke(points=((LEFT, _y(1)), (LEFT, _y(0)), (_x(chart, 1), _y(0))), colour=INKS.frame, width=1.5)
    yield Words(at=((LEFT + _x(chart, 1)) / 2, _y(0) + 46), text=chart.x_label, colour=INKS.faint, anchor="middle")


def _curves(chart: Chart) -> Iterator[Shape]:
    for curve in chart.curves:
        ink = INKS.of(curve.colour, behind=curve.behind)
        for points in _runs(chart, curve):
            yield Stroke(points=points, colour=ink, width=1.6, dashed=curve.behind)


def _runs(chart: Chart, curve: ChartCurve) -> Iterator[list[Point]]:
    """The curve in pieces without gaps; where it has extremes it goes from the one to the other."""
    piece: list[Point] = []
    for column, band in enumerate((*curve.bands, None)):
        if band is None:
            if piece:
                yield piece if len(piece) > 1 else [piece[0], (piece[0][0] + 2, piece[0][1])]
            piece = []
            continue
        if not curve.measured[column]:
            continue  # a straight line leads there on any axis
        x = _x(chart, (column + 0.5) / len(curve.bands))
        low, high = _y(chart.up(band[0])), _y(chart.up(band[1]))
        ends = (low, high) if column % 2 else (high, low)
        piece.extend((x, y) for y in (ends if low != high else ends[:1]))


def _names(chart: Chart) -> Iterator[Shape]:
    """Each curve's name and value at the height of its end, moved apart; with the other run's value behind it."""
    behind = {curve.name: curve.value for curve in chart.curves if curve.behind}
    shown = [curve for curve in chart.curves if not curve.behind]
    ends = [(curve, value) for curve in shown if (value := _height(curve, behind)) is not None]
    ends.sort(key=lambda end: end[1], reverse=True)
    places = _apart([_y(chart.up(value)) for _, value in ends], _y(1), _y(0))
    for (curve, _), y in zip(ends, places, strict=False):
        ink = INKS.of(curve.colour, behind=False)
        yield Stroke(points=((_x(chart, 1) + 8, y), (_x(chart, 1) + 20, y)), colour=ink, width=3)
        yield Words(at=(_x(chart, 1) + 26, y + 4.5), text=curve.name, colour=ink, bold=True)
        text, other = "–" if curve.value is None else reading(curve.value), behind.get(curve.name)
        if other is not None:
            text += f" ({reading(other)})"
        yield Words(at=(WIDTH - 10, y + 4.5), text=text, colour=ink, anchor="end")


def _height(curve: ChartCurve, behind: dict[str, float | None]) -> float | None:
    return behind.get(curve.name) if curve.value is None else curve.value


def _apart(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Places near the wanted ones, in their order, a line apart; as many as there is room for."""
    room = int((bottom - top) // LINE) + 1
    placed: list[float] = []
    for y in wanted[:room]:
        placed.append(max(y, placed[-1] + LINE) if placed else y)
    floor = bottom
    for at in range(len(placed) - 1, -1, -1):
        placed[at] = min(placed[at], floor)
        floor = placed[at] - LINE
    return placed


def _markers(chart: Chart) -> Iterator[Shape]:
    for at, marker in chart.markers:
        x = _x(chart, chart.across(at))
        if marker.kind in _LINED:
            yield Stroke(points=((x, _y(1)), (x, _y(0))), colour=_ink(marker.kind), dashed=True)
    for at, marker in chart.markers:
        yield _mark(marker.kind, (_x(chart, chart.across(at)), _y(0)), f"step {marker.step:,}: {marker.text}")


def _mark(kind: MarkerKind, at: Point, hint: str = "") -> Area:
    return Area(points=[(at[0] + x, at[1] + y) for x, y in _MARKS[kind]], colour=_ink(kind), hint=hint)


def _ink(kind: MarkerKind) -> str:
    return INKS.alert if kind == "alert" else INKS.faint if kind == "checkpoint" else INKS.mark


def _legend(chart: Chart) -> Iterator[Shape]:
    """What the signs on the x axis mean, and which run is behind."""
    x, y = LEFT, HEIGHT - 14.0
    for kind in _MARKS:
        if any(marker.kind == kind for _, marker in chart.markers):
            yield _mark(kind, (x + 6, y - 4.5))
            yield Words(at=(x + 18, y), text=kind, colour=INKS.faint, size=12)
            x += 40 + 7 * len(kind)
    if chart.behind:
        yield Stroke(points=((x, y - 4.5), (x + 32, y - 4.5)), colour=INKS.faint, width=1.6, dashed=True)
        yield Words(at=(x + 40, y), text=f"{chart.behind}, its values in brackets", colour=INKS.faint, size=12)
