"""The runs browser: every run of a folder as a tree, what is known of the one under the cursor, and the keys for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import get_current_worker

from engine.protocol.events import Sampled
from engine.protocol.rundir import RunDirectory
from gan_tui.actions.browser import RUNS
from gan_tui.actions.remapping import dressed
from gan_tui.actions.table import ACTIONS, bindings, footer_hints
from gan_tui.client.run_figures import RunFigures, count_figures, newest_sheet
from gan_tui.screens.breakpoints import set_classes_by_size
from gan_tui.screens.pacer import Pacer
from gan_tui.screens.run_errands import RunErrands
from gan_tui.screens.run_wishes import DeletionSeen, RunsLeft, Told
from gan_tui.screens.run_words import census, facts_of, headline_of, line_of
from gan_tui.screens.wishes import ThemeWanted
from gan_tui.state.key_words import with_keys
from gan_tui.state.option_words import without_options
from gan_tui.state.plain_text import printable
from gan_tui.state.run_list import SORTS, RunRow, RunsChoice, arranged, descendants
from gan_tui.state.runs_feed import RunsView
from gan_tui.surroundings import Surroundings
from gan_tui.widgets.footer import FooterBar, Tone
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.run_details import RunDetails
from gan_tui.widgets.run_table import RunTable
from gan_tui.widgets.runs_header import RunsHeader
from gan_tui.widgets.too_small import TooSmall
from gan_tui.worker_edge import failure_told

AGEING = 30.0
"""Seconds after which the ages that are shown are renewed."""
REST = 0.25
"""Seconds that the cursor has to rest on a run before its files are looked at and its pictures drawn."""
RENEWAL = 10.0
"""Seconds after which that is done again for a run that is trained."""


class RunsScreen(Screen[None]):
    """Shows the views it is given; what the user wants goes up as messages.

    Args:
        view: what is known at first.
        surroundings: clock, pace, terminal, and the user's taste.
        begin_at: path of the run that the cursor is to be on; empty for the first.
        remark: to be said at once, if anything.
        rest: see REST.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(RUNS))
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-medium"), (45, "-tall")]  # noqa: RUF012

    @dataclass
    class Counted(Message):
        """A worker has looked at a run's files."""

        key: str
        figures: RunFigures
        sheet: Sampled | None

    def __init__(
        self,
        view: RunsView,
        surroundings: Surroundings,
        *,
        begin_at: str = "",
        remark: tuple[str, Tone] | None = None,
        rest: float = REST,
    ) -> None:
        super().__init__()
        self._view = view
        self._rows: dict[str, RunRow] = {}
        """By path."""
        self._choice = RunsChoice()
        self._drawing = False
        """Whether there is something to draw on yet."""
        self._begin_at = begin_at
        self._remark = remark
        self._clock = surroundings.clock
        self._stretch = surroundings.outlet.stretch
        self.actions = dressed(RUNS, surroundings.appearance)
        """The table, with the keys that the user has given them."""
        self._by_id = {action.id: action for action in self.actions}
        beyond = dressed(ACTIONS, surroundings.appearance)  # a way may lead through a run's dashboard
        self._keys = {each.id: each.shown for each in beyond} | {each.id: each.shown for each in self.actions}
        self._rest = rest
        self._resting: Timer | None = None
        self._figures: dict[str, RunFigures] = {}
        """By path, as they were counted last."""
        self._counted_at = 0.0
        self.header = RunsHeader()
        self.list = Vertical(id="list")
        self.table = RunTable()
        self.details = RunDetails(surroundings.drawing)
        self.footer = FooterBar()
        self.too_small = TooSmall(with_keys("{runs-leave|q} leaves; no run is touched.", self._keys))
        self.errands = RunErrands(
            self,
            self.selected,
            lambda: Path(self._view.folder),
            actions=self.actions,
            keys=self._keys,
            imaging=surroundings.drawing.imaging,
            ascii=surroundings.appearance.ascii,
            clock=surroundings.clock,
        )
        tempo = surroundings.tempo
        self._text = Pacer(self, lambda: tempo.of_text(self._stretch()), self._draw)

    def compose(self) -> ComposeResult:
        """The list and the details, beside or below each other."""
        set_classes_by_size(self)
        yield self.header
        with Container(id="body"):
            with self.list:
                yield self.table
            yield self.details
        yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        """Draw what is known."""
        self.footer.show(footer_hints(self.actions, {}, steers=True))
        self.table.focus()
        self._drawing = True
        self.show(self._view)
        self.set_interval(AGEING, self._draw, name="ages of runs")
        if self._remark:
            self.say(*self._remark)

    # ------------------------------------------------------------------------------------------- data down

    def show(self, view: RunsView) -> None:
        """Take the newest view."""
        before, self._view = self._view.problem, view
        if not self._drawing:
            return
        if view.rows and view.problem not in ("", before):
            self.say(printable(view.problem), "bad", lambda: self._view.problem == view.problem)
        self._rows = {row.path: row for row in view.rows}
        if self._choice.marked not in self._rows:
            self._choice = replace(self._choice, marked="")
        self._text.request()

    def selected(self) -> RunRow | None:
        """The run under the cursor."""
        return self._rows.get(self.table.key)

    def say(self, text: str, tone: Tone = "plain", holds: Callable[[], bool] | None = None) -> None:
        """Tell the user something in the footer; ``holds`` says whether it is so, where that passes."""
        self.footer.say(without_options(text), tone, holds)

    def _draw(self) -> None:
        self.footer.review()
        now, choice = self._clock(), self._choice
        branches = arranged(self._view.rows, choice)
        lines = [line_of(branch, now, marked=branch.row.path == choice.marked) for branch in branches]
        self.header.show(printable(self._view.folder), census(self._view.rows))
        self.table.show(lines, self._empty())
        if self._begin_at in self._rows:
            self.table.go_to_key(self._begin_at)
            self._begin_at = ""
        self._title()
        self._show_details()
        row = self.selected()
        if row is not None and row.is_live and self._clock() - self._counted_at > RENEWAL:
            self._look(row)

    def _title(self) -> None:
        place, number = self.table.place
        filtered = f" · with {self._choice.typed}" if self._choice.typed.strip() else ""
        stale = f" · not up to date: {self._view.problem}" if self._view.problem and self._rows else ""
        entitle(self.list, f"runs{filtered}{stale}", f"{place:,}/{number:,} · {SORTS[self._choice.sort]}")

    def _empty(self) -> str:
        """What is said in place of a list."""
        if self._view.problem:
            return printable(self._view.problem)
        if not self._view.is_listed:
            return "reading the runs…"
        if self._rows:
            return with_keys("No run has these words. {runs-drop|Esc} shows all.", self._keys)
        return with_keys("No runs yet: {runs-new|n} starts one.", self._keys)

    def _show_details(self) -> None:
        row = self.selected()
        self.details.set_class(row is None, "-none")
        if row is None:
            return
        children = descendants(row, self._view.rows)
        facts = facts_of(row, self._figures.get(row.path), children, self._clock(), self._keys)
        entitle(self.details, row.name)
        self.details.show(headline_of(row), facts)

    # ------------------------------------------------------------------------------------------- the run looked at

    @on(RunTable.Highlighted)
    def turn_to(self, message: RunTable.Highlighted) -> None:
        """Show what is known of a run, and look at its files once the cursor rests there."""
        message.stop()
        self._title()
        self._show_details()
        self.details.turn()
        if self._resting is not None:
            self._resting.stop()
        row = self.selected()
        if row is not None and self._rest:
            self._resting = self.set_timer(self._rest * self._stretch(), partial(self._look, row))
        elif row is not None:
            self._look(row)

    def _look(self, row: RunRow) -> None:
        self._counted_at = self._clock()

        def look() -> None:
            worker = get_current_worker()
            with failure_told(f"{row.name} cannot be looked at", lambda told: self.post_message(Told(told, "bad"))):
                run = RunDirectory(Path(row.path))
                sheet = newest_sheet(run)
                figures = count_figures(run, lambda: worker.is_cancelled)
                if not worker.is_cancelled:
                    self.post_message(self.Counted(row.path, figures, sheet))

        self.run_worker(look, name="look at a run's files", group="figures", thread=True, exclusive=True)

    @on(Counted)
    def take_figures(self, message: Counted) -> None:
        """Show what was counted, if the cursor is still there."""
        message.stop()
        self._figures[message.key] = message.figures
        if message.key == self.table.key:
            self.details.show_sheet(message.sheet)
            self._show_details()

    # ------------------------------------------------------------------------------------------- what came of it

    @on(Told)
    def tell(self, message: Told) -> None:
        """Say what a worker has to say."""
        message.stop()
        self.say(message.text, message.tone, message.holds)

    @on(DeletionSeen)
    def ask(self, message: DeletionSeen) -> None:
        """Ask whether it is to be deleted."""
        message.stop()
        self.errands.confirm(message.deletion)

    @on(RunTable.Chosen)
    def open_chosen(self, message: RunTable.Chosen) -> None:
        """Open the run that was clicked twice."""
        message.stop()
        self.errands.open()

    # ------------------------------------------------------------------------------------------- actions

    def action_perform(self, action_id: str) -> None:
        """Run an action of the table; in the details the keys of the list scroll."""
        self._by_id[action_id].run(self)

    def leave(self) -> None:
        """Leave; nothing is stopped."""
        self.post_message(RunsLeft(None))

    def compare(self) -> None:
        """Mark a run, or compare it with the one that is marked."""
        row, marked = self.selected(), self._choice.marked
        if row is None:
            return
        if not marked:
            self._choose(replace(self._choice, marked=row.path))
            way = with_keys("{runs-compare|c} on another run compares, on it again takes it back", self._keys)
            self.say(f"{row.name} is marked: {way}.", "plain", lambda: self._choice.marked == row.path)
        elif marked == row.path:
            self._choose(replace(self._choice, marked=""))
        else:
            self.errands.compare(self._rows[marked], row.path)

    def sort(self) -> None:
        """Put the list in the next order."""
        self._choose(self._choice.sorted_otherwise())

    def ask_filter(self) -> None:
        """Have words typed that runs are to have; the list follows as they are typed."""
        from gan_tui.screens.prompts import FilterDialog

        dialog = FilterDialog(self._choice.typed, self._filter, "filter runs", "cyclegan failed")
        self.app.push_screen(dialog)

    def drop(self) -> None:
        """Forget the mark; without one, the filter."""
        self._choose(replace(self._choice, marked="") if self._choice.marked else replace(self._choice, typed=""))

    def go_on(self) -> None:
        """Focus the list or the details."""
        (self.details if self.table.has_focus else self.table).focus(scroll_visible=False)

    def next_theme(self) -> None:
        """Have other colours."""
        self.post_message(ThemeWanted())

    def explain_interrupt(self) -> None:
        """Say which key leaves."""
        self.say(with_keys("{runs-leave|q} leaves the browser; whatever trains goes on.", self._keys))

    def _filter(self, typed: str) -> None:
        self._choose(replace(self._choice, typed=typed))

    def _choose(self, choice: RunsChoice) -> None:
        self._choice = choice
        self._draw()
