"""The dashboard: a run's curves, samples, controls and journal, and the keys that steer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from engine.protocol import commands as cmd
from engine.protocol.rundir import RunDirectory
from gan_tui.actions.remapping import dressed
from gan_tui.actions.table import ACTIONS, bindings, footer_hints
from gan_tui.screens.breakpoints import set_classes_by_size
from gan_tui.screens.excursions import Excursions
from gan_tui.screens.on_screen import OnScreen
from gan_tui.screens.pacer import Pacer
from gan_tui.screens.steering import Steering
from gan_tui.screens.wishes import CallsChanged, Left, ThemeWanted, Wanted
from gan_tui.state.effective import effective_values
from gan_tui.state.groups import groups_of
from gan_tui.state.history import History
from gan_tui.state.key_words import with_keys
from gan_tui.state.run_view import RunView
from gan_tui.surroundings import Surroundings, Watched
from gan_tui.widgets.banner import EndBanner
from gan_tui.widgets.controls import ControlsData, ControlsPane
from gan_tui.widgets.footer import FooterBar, Tone
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.header import RunHeader
from gan_tui.widgets.health import HealthPane
from gan_tui.widgets.journal import JournalPane
from gan_tui.widgets.pace import PacePane
from gan_tui.widgets.plot import LossPlot
from gan_tui.widgets.plot_data import Beside, PlotData
from gan_tui.widgets.samples import SamplePane
from gan_tui.widgets.startup import StartUp
from gan_tui.widgets.tabs import TabStrip
from gan_tui.widgets.too_small import TooSmall

SLOW_LOOK_SECONDS = 2.0
"""While the screen says that the link is slow, it looks so often whether it still is."""
PANES = ("plot", "samples", "controls", "journal")


class DashboardScreen(Screen[None]):
    """Shows the views it is given; what the user wants goes up as messages."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-short"), (30, "-medium"), (45, "-tall")]  # noqa: RUF012

    def __init__(self, watched: Watched, surroundings: Surroundings) -> None:
        super().__init__()
        view = watched.feed.snapshot()
        self._view = view
        self._shown = view
        """What is on the screen: the newest view, or an older one while frozen."""
        self._frozen = False
        self._pane = 0
        self._history = watched.feed.history
        self.actions = dressed(ACTIONS, surroundings.appearance)
        """What can be done, with the keys that the user has given it."""
        self._by_id = {action.id: action for action in self.actions}
        keys = {action.id: action.shown for action in self.actions if action.id in surroundings.appearance.keys}
        self._changed_keys = keys
        self._beside: Beside | None = None
        self._run = watched.run
        self._run_behind: RunDirectory | None = None
        self.header = RunHeader()
        self.banner = EndBanner(keys)
        self.tabs = TabStrip()
        self.startup = StartUp()
        self.plot = LossPlot(self._history)
        self.samples = SamplePane(watched.run.root, surroundings.drawing, keys)
        self.controls = ControlsPane(keys)
        self.health = HealthPane(keys)
        self.pace = PacePane()
        self.journal = JournalPane(surroundings.zone)
        self.footer = FooterBar()
        self.too_small = TooSmall(with_keys("{detach|q} leaves; the run is not touched.", keys))
        self.steering = Steering(
            self,
            view,
            readonly=watched.readonly,
            keys=keys,
            controls=self.controls,
            say=self.say,
            wish=self._wish,
        )
        self.excursions = Excursions(
            self,
            watched.run,
            history=self._history,
            plot=self.plot,
            samples=self.samples,
            drawing=surroundings.drawing,
            outlet=surroundings.outlet,
            steering=self.steering,
            readonly=watched.readonly,
            host=watched.host,
            clock=surroundings.clock,
            actions=self.actions,
            ascii=surroundings.appearance.ascii,
        )
        tempo, self._outlet = surroundings.tempo, surroundings.outlet
        stretch = self._outlet.stretch
        self._text = Pacer(self, lambda: tempo.of_text(stretch()), self._draw_text)
        self._curves = Pacer(self, lambda: tempo.of_curves(stretch()), self._draw_curves)
        self._sheets = Pacer(self, lambda: tempo.of_pictures(stretch()), self._draw_sheets)
        self._slow = False
        """Whether the screen says so."""
        self._looking: Timer | None = None

    def compose(self) -> ComposeResult:
        """Header, panes in two columns, footer; on narrow terminals the stylesheet shows one pane at a time."""
        set_classes_by_size(self)
        self._mark_pane(self._pane)
        yield self.header
        yield self.banner
        yield self.tabs
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield self.startup
                yield self.plot
                yield self.journal
            with Vertical(id="right"):
                yield self.samples
                yield self.controls
                yield self.health
                yield self.pace
        yield self.footer
        yield self.too_small

    def on_mount(self) -> None:
        """Name the panes and draw what is known."""
        titled: tuple[tuple[Widget, str], ...] = (
            (self.startup, "start-up"),
            (self.samples, "samples"),
            (self.controls, "controls"),
            (self.journal, "journal"),
            (self.health, "health"),
            (self.pace, "machine"),
        )
        for pane, title in titled:
            pane.border_title = title
        entitle(self.pace, subtitle=with_keys("{machine|M} more", self._changed_keys))
        self.go_to(0)
        self.show(self._view)

    # ------------------------------------------------------------------------------------------- data down

    def show(self, view: RunView) -> None:
        """Take the newest view; it is drawn as soon as its pace allows."""
        answered = view.exchanges != self._view.exchanges  # the user has asked for something and waits
        is_read = self._view.link == "reading" != view.link  # what has been drawn so far says nothing of the run
        if view.link in ("live", "record") and view.link_detail not in ("", self._view.link_detail):
            self.say(view.link_detail, "bad", lambda: self._view.link_detail == view.link_detail)
        self._view = view
        self.steering.show(view)
        self._text.request(at_once=answered or is_read)
        self._curves.request(at_once=is_read)
        self._sheets.request(at_once=is_read)

    def show_behind(self, name: str, history: History | None, run: RunDirectory | None = None) -> None:
        """Draw another run's curves behind this one's, or none; to be called again when they have grown."""
        self._run_behind = run
        self._beside = None if history is None else Beside(name=name, history=history, version=history.version)
        self._curves.request()

    def say(self, text: str, tone: Tone = "plain", holds: Callable[[], bool] | None = None) -> None:
        """Tell the user something in the footer; ``holds`` says whether it is so, where that passes."""
        self.footer.say(text, tone, holds)

    def _draw_text(self) -> None:
        if not self._frozen:
            self._shown = self._view
        view = self._shown
        self._note_slowness()
        self.header.show(view, self._tags())
        self.banner.show(view)
        self.journal.show(view.journal)
        self.health.show(view, steers=self.steering.steers)
        self.pace.show(view)
        self.excursions.show(view)
        self._draw_controls()
        self._draw_footer()
        self.set_class(self._history.extent() is None and view.link != "reading", "-starting")
        if self.has_class("-starting"):
            self.startup.show(view)

    def _draw_sheets(self) -> None:
        if not self._frozen and self._view.link != "reading":  # the newest of half a record is not the newest
            self.samples.show(self._view.sheets)

    def _note_slowness(self) -> None:
        """Say that the way to the terminal is slow; when it is not any more, see to it that this is said, too."""
        self._slow = self._outlet.slow()
        if self._slow and self._looking is None:
            self._looking = self.set_timer(SLOW_LOOK_SECONDS, self._look_again)

    def _look_again(self) -> None:
        self._looking = None
        self._text.request()

    def _draw_footer(self) -> None:
        view = self._view
        labels = {"detach": "leave"} if view.ended else {"pause": "continue"} if view.state == "paused" else {}
        steering = self.steering
        held = steering.prepares and not steering.steers
        steers = steering.steers and view.link != "connecting"  # nobody is there to be asked for anything
        self.footer.review()
        self.footer.show(footer_hints(self.actions, labels, steers=steers, held=held))

    def _draw_controls(self) -> None:
        view = self._shown
        staged = {name: (value, change.at_step) for change in view.staged for name, value in change.values.items()}
        self.controls.show(
            ControlsData(
                controls=view.controls,
                values=view.values,
                effective=effective_values(view),
                staged=staged,
                applying=view.waiting_for(cmd.SetControls) or view.waiting_for(cmd.Undo),
                live=not view.ended,
                steers=self.steering.steers,
            )
        )

    def _draw_curves(self) -> None:
        if self._frozen:
            return
        view = self._view
        self.plot.show(
            PlotData(
                groups=groups_of(self._history.series(), view.objective),
                markers=view.markers,
                total_steps=view.total_steps,
                steps_per_epoch=view.steps_per_epoch,
                origin=view.origin.text if view.origin else "",
                beside=self._beside,
                reading=view.link == "reading",
                version=self._history.version,
            )
        )

    def _tags(self) -> tuple[str, ...]:
        frozen = ("DISPLAY FROZEN",) if self._frozen else ()
        return (*self.steering.tags, *frozen, *(("slow link",) if self._slow else ()))

    # ------------------------------------------------------------------------------------------- actions

    def action_perform(self, action_id: str) -> None:
        """Run an action of the table, unless it is one for an engine and there is none."""
        action = self._by_id[action_id]
        if action.needs_engine and self._view.ended:
            way = self.steering.in_words("{checkpoints|R} lists the checkpoints to go on from.")
            self.say(f"No engine works on this run. {way}", "bad", lambda: self._view.ended)
        elif action.needs_engine and self.steering.refuses_readonly():
            return
        else:
            action.run(self)

    def detach(self) -> None:
        """Leave; training goes on."""
        self.post_message(Left())

    def browse(self) -> None:
        """Leave for the list of all runs; training goes on."""
        self.post_message(Left(for_the_runs=True))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Mark the pane that a click has gone to.

        Where one pane is shown, none but that can be clicked: there it is Textual that looks for another one while the
        shown one changes.
        """
        for place in range(len(PANES)):
            if self._pane_widget(place) is event.widget and self.has_class("-wide"):
                self._mark_pane(place)

    def toggle_freeze(self) -> None:
        """Hold the display still, or let it go on."""
        self._frozen = not self._frozen
        self._draw_text()
        self._draw_curves()
        self._draw_sheets()

    def go_to(self, place: int) -> None:
        """Focus a pane; on a narrow terminal it is the one shown."""
        self._mark_pane(place)
        self._pane_widget(place).focus(scroll_visible=False)

    def go_on(self, by: int) -> None:
        """Focus the next or the previous pane."""
        self.go_to((self._pane + by) % len(PANES))

    def export(self) -> None:
        """Write what is on screen to a file."""
        sheet = self.samples.sheet
        self.excursions.ask_export(
            OnScreen(
                run=self._run,
                step=self._shown.step,
                plot=self.plot.selection(self._view.name),
                behind=self._run_behind,
                sheet=None if sheet is None else self._run.root / sheet.path,
                sheet_step=0 if sheet is None else sheet.step,
            )
        )

    def change_calls(self) -> None:
        """Be called for news in the next way."""
        self.post_message(CallsChanged())

    def next_theme(self) -> None:
        """Have other colours."""
        self.post_message(ThemeWanted())

    def explain_interrupt(self) -> None:
        """Say which key leaves and which stops."""
        way = "{detach|q} leaves the dashboard and training continues; {stop|X} stops the run."
        self.say(self.steering.in_words(way))

    def on_controls_pane_value_wanted(self, message: ControlsPane.ValueWanted) -> None:
        """Have a value typed for a control."""
        message.stop()
        control = message.setting
        self.excursions.ask_value(control, message.value, lambda value: self.controls.draft(control, value))

    def on_loss_plot_cursor_moved(self, message: LossPlot.CursorMoved) -> None:
        """Show the samples of the step at which the curves are read."""
        message.stop()
        self.samples.show_step(message.step)

    def on_sample_pane_browsed(self, message: SamplePane.Browsed) -> None:
        """Have the curves read at the step of the sheet that the user has gone to, where they are read at all."""
        message.stop()
        self.plot.read_at(message.step)

    def on_sample_pane_opened(self, message: SamplePane.Opened) -> None:
        """Show the selected picture as large as can be."""
        message.stop()
        self.excursions.show_picture()

    # ------------------------------------------------------------------------------------------- inside

    def _mark_pane(self, marked: int) -> None:
        """Have it shown on a narrow terminal; all styles are looked up again where that changes."""
        self._pane = marked
        for place, name in enumerate(PANES):
            self.set_class(place == marked, f"-on-{name}")
        self.tabs.show(self._tabs(), marked)

    def _pane_widget(self, place: int) -> Widget:
        return (self.plot, self.samples, self.controls, self.journal)[place]

    def _wish(self, command: cmd.Command) -> None:
        self.post_message(Wanted(command))

    def _tabs(self) -> list[tuple[str, str, str]]:
        going = [(self._by_id[f"pane-{place + 1}"], name.capitalize()) for place, name in enumerate(PANES)]
        return [(action.shown, name, action.textual_action) for action, name in going]
