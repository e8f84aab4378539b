"""The plot on a screen: labels, gaps with a mark, markers, and updates that touch new columns only."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from engine.protocol import events as ev
from gan_tui.state.absorb import absorb
from gan_tui.state.groups import groups_of
from gan_tui.state.history import History
from gan_tui.state.run_view import Origin, RunView
from gan_tui.widgets.plot import LossPlot
from gan_tui.widgets.plot_data import Beside, PlotData
from tests.gan_tui.recorded import COMPONENTS, Recording


class WatchedPlot(LossPlot):
    """Remembers what it asked to have drawn again."""

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.asked: list[Region] = []

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> WatchedPlot:
        """Note the regions; none means everything."""
        self.asked.extend(regions or [self.size.region])
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


class PlotApp(App[None]):
    def __init__(self, history: History) -> None:
        super().__init__()
        self.plot = WatchedPlot(history)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        tokens = {f"{kind}-{number}": "#ffffff" for kind in ("series", "beside") for number in range(8)}
        return {**tokens, "frame": "#888888", "faint": "#888888"}

    def compose(self) -> ComposeResult:
        yield self.plot


def data_of(view: RunView, history: History) -> PlotData:
    return PlotData(groups=groups_of(history.series(), view.objective), markers=view.markers, version=history.version)


def text_of(plot: LossPlot) -> list[str]:
    return [plot.render_line(y).text for y in range(plot.size.height)]


async def test_every_series_is_named_with_its_value_and_markers_show() -> None:
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(20_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)):
        app.plot.show(data_of(view, history))
        shown = text_of(app.plot)
        for name in COMPONENTS:
            assert sum(name in line for line in shown) == 1
        assert "▼" in shown[-2]
        assert "◆" in shown[-2]
        assert "10k" in shown[-1]
        assert all(len(line) == 90 for line in shown)


async def test_what_was_not_finite_is_a_gap_with_a_mark() -> None:
    recording, history = Recording(), History()
    for step in range(1, 101):
        value = None if 40 <= step < 60 else 1.0
        history.record(recording.metrics(step, losses={"G_A": value}))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)):
        app.plot.show(data_of(RunView(name="r"), history))
        shown = text_of(app.plot)
        marked = [x for x, char in enumerate(shown[0]) if char == "×"]
        assert marked
        curve = next(line for line in shown if any("\u2800" < char <= "\u28ff" for char in line))
        assert all(not "\u2800" < curve[x] <= "\u28ff" for x in marked[1:-1])


async def test_a_term_that_is_switched_off_leaves_the_axis_to_the_others() -> None:
    recording, history = Recording(), History()
    for step in range(1, 101):
        history.record(recording.metrics(step, losses={"G_A": 1.0, "idt_A": 0.5 if step < 50 else 0.0}))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)):
        app.plot.show(data_of(RunView(name="r"), history))
        shown = text_of(app.plot)
        lowest = [line for line in shown[:-2] if line[:5].strip()][-1]
        assert float(lowest[:5]) >= 0.5, "the axis ends where the last value other than 0 is"
        assert any(line.rstrip().endswith("idt_A 0.000") for line in shown)
        right_half = [line[45:70] for line in shown[:-2]]
        curves = [line for line in right_half if any("\u2800" < char <= "\u28ff" for char in line)]
        assert len(curves) == 1, "G_A alone"


def colours(plot: LossPlot, name: str) -> set[str]:
    """In which a series' label is drawn."""
    [row] = [plot.render_line(y) for y in range(plot.size.height) if f" {name} " in plot.render_line(y).text]
    return {
        str(segment.style.color.name)
        for segment in row
        if name in segment.text and segment.style is not None and segment.style.color is not None
    }


async def test_what_is_measured_no_more_keeps_its_last_value_and_is_faint() -> None:
    recording, history = Recording(), History()
    for step in range(1, 101):
        measured = {"f": 0.25} if step <= 40 else {"G_A": 1.0}
        history.record(recording.metrics(step, losses=measured))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)):
        app.plot.show(data_of(RunView(name="r"), history))
        shown = text_of(app.plot)
        assert any(line.rstrip().endswith("f   0.250") for line in shown), "not 0.000"
        assert colours(app.plot, "f") == {"#888888"}
        assert colours(app.plot, "G_A") == {"#ffffff"}
        curve = next(line for line in shown if "f   0.250" in line)[7:70]
        dots = [x for x, char in enumerate(curve) if "\u2800" < char <= "\u28ff"]
        assert max(dots) < len(curve) / 2, "its curve ends where it was measured last"


async def test_where_labels_have_no_room_those_of_the_past_give_way() -> None:
    recording, history = Recording(), History()
    history.record(recording.metrics(1, losses={f"past_{number}": 9.0 for number in range(6)}))
    history.record(recording.metrics(2, losses={"now": 1.0}))
    app = PlotApp(history)
    async with app.run_test(size=(90, 6)):
        app.plot.show(data_of(RunView(name="r"), history))
        shown = text_of(app.plot)
        assert sum("past_" in line for line in shown) == 3
        assert sum("now" in line for line in shown) == 1


async def test_ticks_of_a_short_run_are_whole_steps() -> None:
    recording, history = Recording(), History()
    for step in range(1, 11):
        history.record(recording.metrics(step, losses={"G_A": 1.0}))
    app = PlotApp(history)
    async with app.run_test(size=(72, 24)):
        app.plot.show(data_of(RunView(name="r"), history))
        labels = text_of(app.plot)[-1].split()
        assert labels == ["0", "5", "10"]


async def test_an_update_touches_new_columns_only() -> None:
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(20_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)):
        app.plot.show(data_of(view, history))
        app.plot.asked.clear()
        view = absorb(view, history, [recording.metrics(20_050)])
        app.plot.show(data_of(view, history))
        touched = sum(region.area for region in app.plot.asked)
        assert all(region.x > 50 for region in app.plot.asked)
        assert touched < 300
        app.plot.asked.clear()
        app.plot.show(data_of(view, history))
        assert app.plot.asked == []


async def test_curves_of_samples_say_so_until_the_whole_record_is_read() -> None:
    recording, history, whole = Recording(), History(), History()
    view = absorb(RunView(name="r"), history, recording.run(5_000, (), ()))
    absorb(RunView(name="r"), whole, Recording().run(5_000, (), ()))
    history.coarse = True
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)):
        app.plot.show(data_of(view, history))
        assert "reading the record" in str(app.plot.border_subtitle)
        history.adopt(whole)
        app.plot.show(data_of(view, history))
        assert "reading" not in str(app.plot.border_subtitle)


async def test_it_lives_at_any_size() -> None:
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(5_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        app.plot.show(data_of(view, history))
        for size in ((1, 1), (10, 3), (30, 8), (47, 5), (300, 90)):
            await pilot.resize_terminal(*size)
            app.plot.toggle_log()
            app.plot.cycle_smoothing()
            assert all(len(line) == size[0] for line in text_of(app.plot))


async def test_at_a_marker_the_cursor_says_what_happened_there() -> None:
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(20_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        app.plot.show(data_of(view, history))
        said = []
        for _ in range(12):
            app.plot.move_cursor(-1)
            await pilot.pause()
            said.append(str(app.plot.border_subtitle))
        assert any("▼ loss.identity 0.5 → 1 (you)" in words for words in said)
        assert any("step 17,400 · 4m43s" in words for words in said), "elsewhere where that is"


async def mouse(pilot: Pilot[None], kind: type[events.MouseEvent], x: int = 30, *, shift: bool = False) -> None:
    """Use the mouse as the terminal tells of it, in a column."""
    button = int(kind in (events.MouseDown, events.MouseMove, events.MouseUp))
    pilot.app.post_message(kind(None, x, 5, 0, 0, button, shift, False, False, screen_x=x, screen_y=5))
    await pilot.pause()


async def drag(pilot: Pilot[None], *columns: int) -> None:
    """Press, move and release it."""
    await mouse(pilot, events.MouseDown, columns[0])
    for column in columns[1:]:
        await mouse(pilot, events.MouseMove, column)
    await mouse(pilot, events.MouseUp, columns[-1])


async def test_a_click_reads_out_and_the_wheel_looks_closer_there() -> None:
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(20_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        app.plot.show(data_of(view, history))
        await pilot.click(offset=(30, 5))
        cursor = app.plot.choice.viewport.cursor
        assert cursor is not None
        column = text_of(app.plot)[3].index("│", 8)
        assert column == 30
        await mouse(pilot, events.MouseScrollUp)
        assert app.plot.choice.viewport.width is not None
        assert text_of(app.plot)[3].index("│", 8) in (29, 30, 31), "the place under the pointer stays"


async def test_the_mouse_pans_by_dragging_and_by_the_wheel() -> None:
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(20_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        app.plot.show(data_of(view, history))
        await drag(pilot, 40, 50)
        whole = app.plot.choice.viewport
        assert whole.width is None
        assert whole.cursor is not None, "there is nothing to be dragged, so it was a click"
        app.plot.reset_view()
        app.plot.zoom(4.0, around=10_000.0)

        def middle() -> int:
            """In hundredths of the width."""
            view = app.plot.choice.viewport
            assert view.end is not None
            assert view.width is not None
            return round(100 * (view.end / view.width - 0.5))

        there = middle()
        for left, right, shift in (
            (events.MouseScrollLeft, events.MouseScrollRight, False),
            (events.MouseScrollUp, events.MouseScrollDown, True),
        ):
            await mouse(pilot, left, shift=shift)
            assert middle() == there - 10
            await mouse(pilot, right, shift=shift)
            assert middle() == there
        await drag(pilot, 30, 40, 50)
        assert app.plot._frame is not None
        dragged = round(there - 2000 / app.plot._frame.columns)
        assert middle() == dragged
        assert app.plot.choice.viewport.cursor is None, "it was no click"
        await mouse(pilot, events.MouseMove, 20)
        assert middle() == dragged, "it has let go"
        await drag(pilot, 20)
        assert app.plot.choice.viewport.cursor is not None, "a click again"


async def test_a_newest_part_is_moved_on_in_jumps() -> None:
    """Most new lines touch new columns alone, as in the whole course."""
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(20_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        app.plot.show(data_of(view, history))
        app.plot.toggle_newest()
        await pilot.pause()
        whole = 0
        for step in range(20_050, 21_000, 50):
            history.record(recording.metrics(step))
            frame = app.plot._frame
            app.plot.show(data_of(view, history))
            whole += frame is None or app.plot._frame is None or frame.x != app.plot._frame.x
        assert 1 <= whole <= 3


class ColouredPlotApp(PlotApp):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {
            **super().get_theme_variable_defaults(),
            **{f"series-{number}": f"#00000{number}" for number in range(8)},
        }


async def test_a_series_has_its_colour_in_every_group_and_no_tick_is_there_twice() -> None:
    recording, history = Recording(), History()
    for step in range(1, 101):
        history.record(recording.metrics(step, losses={"G_A": 0.5, "D_A": 1.0, "D_B": 2.0}))
    app = ColouredPlotApp(history)
    async with app.run_test(size=(90, 24)):
        app.plot.show(data_of(RunView(name="r"), history))
        before = {name: colours(app.plot, name) for name in ("D_A", "D_B")}
        app.plot.cycle_group(+1)
        assert app.plot.choice.group == "D"
        assert {name: colours(app.plot, name) for name in ("D_A", "D_B")} == before
        assert before["D_A"] != before["D_B"]
        app.plot.cycle_group(+1)
        assert app.plot.choice.group == "learning rates"
        ticks = [line[:5].strip() for line in text_of(app.plot)[:-2] if line[:5].strip()]
        assert len(ticks) == len(set(ticks))


async def test_another_run_is_drawn_behind_with_its_values_beside_the_runs_own() -> None:
    recording, history, other, short = Recording(), History(), History(), History()
    for step in range(1, 21):
        short.record(recording.metrics(step, losses={"G_A": 0.5}, lr={}, weights={}))
    for step in range(1, 101):
        history.record(recording.metrics(step, losses={"G_A": 1.0}, lr={}, weights={}))
    for step in range(1, 201):
        late = recording.metrics(step, losses={"G_A": 0.25, "only_there": 9.0}, lr={}, weights={})
        other.record(msgspec.structs.replace(late, time=late.time + 3600))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)):
        data = replace(data_of(RunView(name="r"), history), beside=Beside(name="o[b]", history=other, version=1))
        app.plot.show(data)
        shown = text_of(app.plot)
        assert any(line.rstrip().endswith("G_A 1.000  0.250") for line in shown)
        assert "only_there" not in "".join(shown)
        assert "behind: o[b]" in str(app.plot._border_title)
        curves = [line[7:60] for line in shown[:-2] if any("\u2800" < char <= "\u28ff" for char in line)]
        assert len(curves) == 2
        lengths = sorted(max(x for x, char in enumerate(curve) if "\u2800" < char <= "\u28ff") for curve in curves)
        assert lengths[1] > 1.8 * lengths[0], "the axis has room for the longer one"
        data = replace(data, beside=Beside(name="short", history=short, version=1))
        app.plot.show(data)
        assert any(line.rstrip().endswith("G_A 1.000  0.500") for line in text_of(app.plot)), "its last"
        app.plot.move_cursor(-1)
        assert any(line.rstrip().endswith("G_A 1.000") for line in text_of(app.plot)), "there it has none any more"
        app.plot.reset_view()
        app.plot.show(replace(data, beside=Beside(name="o", history=other, version=1)))
        app.plot.cycle_scale()
        app.plot.cycle_scale()
        shown = text_of(app.plot)
        curves = [line[7:60] for line in shown[:-2] if any("\u2800" < char <= "\u28ff" for char in line)]
        firsts = [min(x for x, char in enumerate(curve) if "\u2800" < char <= "\u28ff") for curve in curves]
        assert max(firsts) - min(firsts) <= 1, "each from its own beginning"


async def test_what_users_wrote_is_no_markup_at_the_cursor_and_titles_are_set_once() -> None:
    recording, history = Recording(), History()
    events = [*(recording.metrics(step) for step in range(10, 1010, 10))]
    note = ev.Note(seq=5000, step=1000, time=events[-1].time, text="see [/tmp/x] and [a]", by="me")
    view = absorb(RunView(name="r", origin=Origin(run="h[b]", step=5)), history, [*events, note])
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        data = replace(data_of(view, history), origin=view.origin.text if view.origin else "")
        app.plot.show(data)
        app.plot.move_cursor(0)
        await pilot.pause()
        subtitle = app.plot._border_subtitle
        assert subtitle is not None
        assert subtitle.plain == "step 1,000 · ✎ see [/tmp/x] and [a] (me)"
        history.record(recording.metrics(1010))
        app.plot.asked.clear()
        app.plot.show(replace(data, version=history.version))
        assert app.plot.size.region not in app.plot.asked


async def test_a_cursor_in_the_newest_part_holds_it_still_and_is_always_in_sight() -> None:
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(20_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        app.plot.show(data_of(view, history))
        app.plot.toggle_newest()
        app.plot.move_cursor(-1)
        for step in range(20_050, 25_000, 50):
            history.record(recording.metrics(step))
        app.plot.show(data_of(view, history))
        assert app.plot._cursor() == 20_000
        for _ in range(30):
            app.plot.move_cursor(-3)
            await pilot.pause()
            assert app.plot._cursor() == app.plot.choice.viewport.cursor


async def test_beside_a_longer_run_the_own_newest_line_is_the_newest() -> None:
    recording, history, other = Recording(), History(), History()
    for step in range(100, 200):
        history.record(recording.metrics(step, losses={"G_A": 1.0}, lr={}, weights={}))
    for step in range(10, 2010, 10):
        other.record(recording.metrics(step, losses={"G_A": 0.25}, lr={}, weights={}))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        beside = Beside(name="other", history=other, version=1)
        app.plot.show(replace(data_of(RunView(name="r"), history), beside=beside))
        app.plot.move_cursor(-1)
        assert app.plot.choice.viewport.cursor == 199
        app.plot.move_cursor(+20)
        await pilot.pause()
        assert any(line.rstrip().endswith("G_A     –  0.250") for line in text_of(app.plot)), text_of(app.plot)
        assert app.plot._border_subtitle is not None
        assert app.plot._border_subtitle.plain == f"step {app.plot.choice.viewport.cursor:,.0f}", "not the own newest"
        app.plot.reset_view()
        app.plot.move_cursor(0)
        app.plot.move_cursor(-60)
        assert app.plot.choice.viewport.cursor == 10, "before the own first line"
        app.plot.zoom(4)
        app.plot.cycle_scale()
        app.plot.cycle_scale()
        await pilot.pause()
        frame = app.plot._frame
        assert frame is not None
        assert frame.x.low > 1e9, "seconds, and no steps"


async def test_a_filter_that_leaves_nothing_says_so() -> None:
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(2_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)):
        app.plot.show(data_of(view, history))
        app.plot.filter("zebra[1]")
        assert any("no series has 'zebra[1]' in its name" in line for line in text_of(app.plot))
        app.plot.filter("日本語日本語")
        assert any("no series has '日本語日本語' in its name" in line for line in text_of(app.plot))
        assert {cell_len(line) for line in text_of(app.plot)} == {90}


async def test_when_training_goes_back_to_before_what_is_looked_at_the_newest_part_is_shown() -> None:
    recording, history = Recording(), History()
    view = absorb(RunView(name="r"), history, recording.run(20_000, (), ()))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        app.plot.show(data_of(view, history))
        app.plot.move_cursor(0)
        app.plot.zoom(8)
        history.truncate_after(2_000)
        app.plot.show(data_of(view, history))
        await pilot.pause()
        assert app.plot._cursor() is None
        assert any("\u2800" < char <= "\u28ff" for line in text_of(app.plot) for char in line)


async def test_between_two_lines_of_metrics_the_curve_passes_and_has_no_value() -> None:
    recording, history = Recording(), History()
    for step in range(100, 1001, 100):
        history.record(recording.metrics(step, losses={"G_A": step / 1000}))
    app = PlotApp(history)
    async with app.run_test(size=(90, 24)) as pilot:
        app.plot.show(data_of(RunView(name="r"), history))
        app.plot.choose(replace(app.plot.choice, viewport=replace(app.plot.choice.viewport, width=40.0, end=570.0)))
        await pilot.pause()
        shown = text_of(app.plot)
        dotted = {x for line in shown for x, char in enumerate(line) if "\u2800" < char <= "\u28ff"}
        assert dotted == set(range(7, 79)), "from edge to edge"
        assert not any("G_A" in line for line in shown), "a label would tell a value that nobody measured"
