"""The machine's screen as one sheet: GPUs, host, steps and disk, each as it is now and over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from gan_tui.state.axes import Range, followed, grown
from gan_tui.state.machine import MachineHistory, Reading, outlook
from gan_tui.state.run_view import RunView
from gan_tui.state.series import Span as SeriesSpan
from gan_tui.state.wording import STATUS_WORDS, duration
from gan_tui.widgets import machine_curves as curves
from gan_tui.widgets import machine_sections as sections
from gan_tui.widgets import machine_words as words
from gan_tui.widgets.canvas import Canvas
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.line import Span
from gan_tui.widgets.machine_sections import FAINT, NAME, PLAIN, WARN, Gauge
from gan_tui.widgets.sheet import Area, Sheet

Window: TypeAlias = Literal["10 min", "1 h", "whole run"]
WINDOWS: dict[Window, float | None] = {"10 min": 600.0, "1 h": 3600.0, "whole run": None}
"""What parts of the time are shown, in seconds."""

OLD = 15.0
"""Seconds after which a reading is marked as one: they come every two."""
GAP = 30.0
"""Seconds without a reading that a curve bridges: lines of metrics may be as far apart."""
MOST_ROWS = 12
"""More rows make a curve no clearer."""
SCALE = 8
"""Columns for the ends of the steps' scale."""
HEAD = 29
"""Columns of a gauge's label and value, before its bar."""


class _Rows(NamedTuple):
    """How many rows each curve has."""

    gpu: tuple[int, int]
    host: int
    step: int


class MachineBoard(Canvas):
    """Shows the newest reading of a machine, and those of a window of time as curves."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        PLAIN, FAINT, WARN, NAME, "board--rule", "board--rest", "board--spread",
        *(f"board--{number}" for number in ("one", "two", "three", "four", "five", "six")),
        *(style for _, _, style in sections.PHASES),
    }  # fmt: skip
    DEFAULT_CSS = """
    MachineBoard { width: 1fr; height: 1fr; }
    MachineBoard .board--plain { color: $foreground; }
    MachineBoard .board--name { color: $foreground; text-style: bold; }
    MachineBoard .board--faint { color: $faint; }
    MachineBoard .board--rule { color: $frame; }
    MachineBoard .board--rest { color: $frame; }
    MachineBoard .board--spread { color: $faint; }
    MachineBoard .board--warn { color: $warning; text-style: bold; }
    MachineBoard .board--one, MachineBoard .board--compute { color: $series-0; }
    MachineBoard .board--two, MachineBoard .board--device { color: $series-2; }
    MachineBoard .board--three, MachineBoard .board--data { color: $series-1; }
    MachineBoard .board--four, MachineBoard .board--sample { color: $series-3; }
    MachineBoard .board--five, MachineBoard .board--prepare { color: $series-4; }
    MachineBoard .board--six, MachineBoard .board--checkpoint { color: $series-6; }
    MachineBoard .board--record, MachineBoard .board--other { color: $series-7; }
    """

    def __init__(self, history: MachineHistory) -> None:
        super().__init__()
        self._history = history
        self._view: RunView | None = None
        self._window: Window = "10 min"
        self._seen: Range | None = None
        """The part of the time that is shown."""

    def show(self, view: RunView) -> None:
        """Take the run's view; only what differs of it is drawn."""
        self._view = view
        self._draw()

    @property
    def window(self) -> Window:
        """How much of the time is shown."""
        return self._window

    def cycle_window(self) -> None:
        """Show the next longer part of the time, and round."""
        names = list(WINDOWS)
        self._window = names[(names.index(self._window) + 1) % len(names)]
        self._seen = None
        self._draw()

    def on_resize(self) -> None:
        """Fit it to the new size."""
        self._draw()

    # ------------------------------------------------------------------------------------------- inside

    def _draw(self) -> None:
        view = self._view
        if view is None or not self.size.width or not self.size.height:
            return
        sheet = Sheet(self.size.width, self.size.height)
        self._look()
        self._title(sheet, view)
        area = sheet.area.below(1)
        if view.machine is None:
            sheet.write(Area(2, 2, area.width - 2, 1), [(_nothing(view), FAINT)])
        else:
            self._sections(sheet, area, view)
        self.paint(sheet.grid)

    def _look(self) -> None:
        """Move on the part of the time that is shown, in jumps: what is drawn then stays where it is for a while."""
        extent = self._history.extent()
        width = WINDOWS[self._window]
        if extent is None:
            self._seen = None
        elif width is None or extent[1] - extent[0] < width / 1.25:
            seen = grown(self._seen, *extent)
            self._seen = seen if width is None else Range(seen.low, min(seen.high, seen.low + width))
        else:
            self._seen = followed(self._seen, extent[1], width)

    def _title(self, sheet: Sheet, view: RunView) -> None:
        word = STATUS_WORDS[view.status]
        where = " · ".join(part for part in (view.name, view.host, view.device) if part)
        row = sheet.area.row(0)
        age = view.clock - view.machine_time
        told: list[Span] = [
            (self._window if self._window == "whole run" else f"last {self._window}", FAINT),
            (" ", FAINT),
        ]
        if view.machine is not None and age > OLD and not view.ended:
            told = [(f"! read {duration(age)} ago ", WARN)]
        taken = sheet.write_right(row, told)
        inner = Area(row.x, row.y, row.width - taken - 1, 1)
        head: list[Span] = [(" machine  ", NAME), (f"{word.symbol} {word.word}  ", PLAIN)]
        sheet.write(inner, [*head, (clipped(where, inner.width - sum(len(text) for text, _ in head)), FAINT)])

    def _sections(self, sheet: Sheet, area: Area, view: RunView) -> None:
        machine = view.machine
        assert machine is not None
        gpus = machine.gpus
        listed = len(gpus) if len(gpus) > 1 else 0
        legend = 1 if view.step_times else 0
        fixed = (3 if gpus else 1 if machine.gpu_trouble else 0) + 2 + 3 + legend + 2
        if fixed + listed + 3 > area.height:
            listed = 0
        rows = _divided(area.height - fixed - listed, with_gpus=bool(gpus))
        if gpus:
            area = self._rule(sheet, area, [(words.names_of(gpus), NAME)], sections.gpu_told(gpus))
            for place, line in enumerate(sections.gpu_lines(gpus[:listed], area.width)):
                sheet.write(area.row(place), line)
            area = area.below(listed)
            first, second, third, fourth = sections.gpu_gauges(gpus)
            area = self._pair(sheet, area, (first, second), rows.gpu[0])
            area = self._pair(sheet, area, (third, fourth), rows.gpu[1])
        elif machine.gpu_trouble:
            told = f"nothing can be read of the GPU: {machine.gpu_trouble}"
            area = self._rule(sheet, area, [(told, WARN)], [])
        title = f"host · {machine.cores} cores" if machine.cores else "host"
        area = self._rule(sheet, area, [(title, NAME)], sections.host_told(machine))
        one, two = sections.host_gauges(machine)
        area = self._pair(sheet, area, (one, two), rows.host)
        area = self._rule(sheet, area, [("step", NAME)], sections.step_told(view))
        sheet.write(area.row(0), [(" ", PLAIN), *sections.step_line(view)])
        area = self._steps(sheet, area.below(1), rows.step)
        inner = Area(area.x + 1, area.y, area.width - 2, 1)
        sheet.write(inner, sections.phase_bar(view, inner.width) or [("the phases of steps are not known yet", FAINT)])
        if legend:
            sheet.write(inner._replace(y=inner.y + 1), sections.phase_legend(view, inner.width))
        area = area.below(1 + legend)
        area = self._rule(sheet, area, [("disk", NAME)], [(told, FAINT)] if (told := words.rates(machine)) else [])
        found = outlook(machine.disk_free, view)
        sheet.write(area.row(0), [(" ", PLAIN), *sections.disk_line(machine, found, area.width - 2)])

    def _rule(self, sheet: Sheet, area: Area, title: Sequence[Span], told: Sequence[Span]) -> Area:
        sheet.rule(area.row(0), title, told, "board--rule")
        return area.below(1)

    def _pair(self, sheet: Sheet, area: Area, gauges: tuple[Gauge, Gauge], rows: int) -> Area:
        """Two gauges beside each other, each with so many rows of its curve below it."""
        for half, gauge in zip(Area(area.x + 1, area.y, area.width - 2, area.height).halves(), gauges, strict=True):
            self._gauge(sheet, half, gauge, rows)
        return area.below(1 + rows)

    def _gauge(self, sheet: Sheet, area: Area, gauge: Gauge, rows: int) -> None:
        head = min(HEAD, area.width - 5)
        sheet.write(
            area._replace(width=head),
            [
                (f"{gauge.label:<7}", FAINT),
                (f"{'! ' if gauge.warns else ''}{gauge.value}", WARN if gauge.warns else PLAIN),
            ],
        )
        if gauge.share is not None:
            bar = area._replace(x=area.x + head, width=area.width - head)
            sheet.bar(bar, gauge.share, WARN if gauge.warns else gauge.style, "board--rest")
        plot = area.below(1)._replace(height=rows)
        spans = self._spans((gauge.reading,), plot)
        if spans:
            found = curves.levels(spans[gauge.reading], gauge.top, self._hold(plot))
            sheet.curve(plot, curves.filled(found, rows), gauge.style)

    def _steps(self, sheet: Sheet, area: Area, rows: int) -> Area:
        """The median of step times over that from the fastest to the slowest, on a logarithmic scale."""
        plot = Area(area.x + 1 + SCALE, area.y, area.width - 2 - SCALE, rows)
        names: tuple[Reading, ...] = ("step fastest", "step median", "step slowest")
        spans = self._spans(names, plot)
        fastest = [span.low for span in spans.get("step fastest", ()) if span.finite]
        slowest = [span.high for span in spans.get("step slowest", ()) if span.finite]
        if fastest and slowest and min(fastest) > 0:
            low, high = 0.9 * min(fastest), 1.1 * max(slowest)
            hold = self._hold(plot)
            each = {name: curves.logarithmic(spans[name], low, high, hold) for name in names}
            sheet.curve(plot, curves.between(each["step fastest"], each["step slowest"], rows), "board--spread")
            sheet.curve(plot, curves.line(each["step median"], rows), "board--one")
            edge = Area(area.x, area.y, SCALE, rows)
            sheet.write_right(edge.row(rows - 1), [(words.span(low), FAINT)])
            if rows > 1:
                sheet.write_right(edge, [(words.span(high), FAINT)])
        return area.below(rows)

    def _spans(self, names: tuple[Reading, ...], plot: Area) -> dict[Reading, list[SeriesSpan]]:
        """Two columns of dots for each of a plot's cells; none where there is no room or nothing to see."""
        if self._seen is None or plot.height < 1 or plot.width < 1:
            return {}
        return self._history.decimate(names, *self._seen, 2 * plot.width)

    def _hold(self, plot: Area) -> int:
        """How many columns of dots a curve goes on without a reading."""
        if self._seen is None:
            return 0
        return int(GAP / (self._seen.high - self._seen.low) * 2 * plot.width)


def _divided(rows: int, *, with_gpus: bool) -> _Rows:
    """What rows are left over, shared among the curves; the first and the steps' come first where they are few."""
    curves = (0, 3, 1, 0, 3, 1, 2) if with_gpus else (2, 3)
    shares = [0, 0, 0, 0]
    for place in range(min(max(0, rows), MOST_ROWS * len(set(curves)))):
        shares[curves[place % len(curves)]] += 1
    return _Rows(gpu=(shares[0], shares[1]), host=shares[2], step=shares[3])


def _nothing(view: RunView) -> str:
    if view.ended:
        return "The run's record has no readings of its machine."
    return "The first reading comes some seconds after the first step."
