"""Steering a run from a screen: what may be asked of the engine, the dialogs before it is, and the answers after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, get_args

from textual.screen import Screen

from engine.protocol import commands as cmd
from engine.protocol.events import Alert, Holder
from gan_tui.state.health import acceptable, open_alerts
from gan_tui.state.health_words import suggestion_text
from gan_tui.state.key_words import with_keys
from gan_tui.state.nudges import made_by_others
from gan_tui.state.plain_text import printable
from gan_tui.state.run_view import Exchange, RunView
from gan_tui.state.wording import READ_ONLY
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.controls import ControlsPane
from gan_tui.widgets.footer import Tone

if TYPE_CHECKING:
    from gan_tui.screens.stop import StopDialog

HOLDER_WIDTH = 34
"""Columns of the header for who holds control."""


class Say(Protocol):
    """Tells the user something."""

    def __call__(self, text: str, tone: Tone = "plain", holds: Callable[[], bool] | None = None) -> None:
        """In a sentence or two; ``holds`` says whether it is so, where that passes."""


class Steering:
    """The user's wishes for the engine, of one screen.

    Args:
        screen: over which dialogs open.
        view: the run.
        readonly: whether nothing may be asked.
        keys: those within words that the user has changed.
        controls: the pane in which changes are prepared.
        say: takes refusals and the engine's answers.
        wish: takes what the engine is to be asked.
    """

    def __init__(
        self,
        screen: Screen[None],
        view: RunView,
        *,
        readonly: bool,
        keys: Mapping[str, str],
        controls: ControlsPane,
        say: Say,
        wish: Callable[[cmd.Command], object],
    ) -> None:
        self._screen = screen
        self._view = view
        self._readonly = readonly
        self._keys = keys
        self._controls = controls
        self.say = say
        self._wish = wish
        self._reported = {exchange.id for exchange in view.exchanges if not exchange.waiting}

    # ------------------------------------------------------------------------------------------- data down

    def show(self, view: RunView) -> None:
        """Take the newest view, and say what became of each command once it is known, and of control."""
        before, self._view = self._view, view
        if by_others := made_by_others(before, view):
            self.say(printable(f"{by_others[-1].by} has set {by_others[-1].text}"))
        if before.holds and (other := view.held_by_other):
            back = self.in_words("{take-over|T} takes it back.")
            self.say(f"{printable(other.words)} has taken over control. {back}", "bad", self._is_held_by(other))
        for exchange in view.exchanges:
            if not exchange.waiting and exchange.id not in self._reported:
                self._reported.add(exchange.id)
                self.say(*_outcome(exchange), self._holding(exchange))

    @property
    def view(self) -> RunView:
        """The newest view."""
        return self._view

    @property
    def prepares(self) -> bool:
        """Whether changes can be prepared: there is an engine for them, and the user may not look alone."""
        return not (self._readonly or self._view.ended)

    @property
    def steers(self) -> bool:
        """Whether the engine takes what this viewer asks of it."""
        return self.prepares and self._view.held_by_other is None

    @property
    def tags(self) -> tuple[str, ...]:
        """What is on its way, and what cannot be."""
        waiting = self._view.waiting_for
        asked = ((cmd.Pause, "pausing…"), (cmd.Continue, "continuing…"), (cmd.Stop, "stopping…"))
        tags = [tag for kind, tag in asked if waiting(kind)]
        if other := self._view.held_by_other:
            tags.append(clipped(printable(f"held by {other.words}"), HOLDER_WIDTH))
        return (*tags, "read-only") if self._readonly else tuple(tags)

    def in_words(self, literal: str) -> str:
        """A text of ours with the user's keys in it; what comes from outside may look like one and is left as it is."""
        return with_keys(literal, self._keys)

    # ------------------------------------------------------------------------------------------- wishes

    def toggle_pause(self) -> None:
        """Ask the engine to pause, or to go on."""
        paused = self._view.state == "paused"
        self._ask(cmd.Continue() if paused else cmd.Pause())

    def save(self) -> None:
        """Ask for a checkpoint."""
        self._ask(cmd.SaveCheckpoint())

    def sample(self) -> None:
        """Ask for a sample sheet."""
        self._ask(cmd.TakeSample())

    def undo(self, seq: int) -> None:
        """Ask for the nudge of that number to be taken back, the newest that is known."""
        self._ask(cmd.Undo(of=seq))

    def nudge(self, direction: int, *, coarse: bool = False) -> None:
        """Prepare a lower (-1) or a higher (+1) value for the selected control."""
        self._controls.nudge(direction, coarse=coarse)

    def nudge_to_default(self) -> None:
        """Prepare the selected control's default."""
        self._controls.back_to_default()

    def ask_value(self) -> None:
        """Have a value typed for the selected control."""
        self._controls.ask_value()

    def prepare(self, values: Mapping[str, float]) -> None:
        """Prepare changes of several controls."""
        for control in self._view.controls:
            if control.name in values:
                self._controls.draft(control, values[control.name])

    def apply_drafts(self) -> None:
        """Send the prepared changes, all for one step."""
        if drafts := self._controls.drafts:
            self._ask(cmd.SetControls(values=drafts, why=self._controls.reason))
        else:
            how = (
                "Nothing is prepared: {control-previous|[} {control-next|]} choose a control, "
                "{nudge-down|-} {nudge-up|+} nudge it, {value|=} type a value."
            )
            self.say(self.in_words(how))

    def take_over(self) -> None:
        """Ask for control, whoever holds it."""
        self._ask(cmd.Hold(take=True))

    def may(self, kind: type[cmd.Command]) -> bool:
        """Whether a command of that type may be asked of the engine now; where not, say why."""
        if self.refuses_readonly():
            return False
        if self._view.ended:
            way = f"To go on: gan-tui resume {self._view.name}"
            self.say(f"No engine works on this run. {way}", "bad", lambda: self._view.ended)
            return False
        if (other := self._view.held_by_other) and issubclass(kind, get_args(cmd.Steering)):
            way = self.in_words("{take-over|T} takes it over.")
            self.say(f"Control is held by {printable(other.words)}. {way}", "bad", self._is_held_by(other))
            return False
        return True

    def refuses_readonly(self) -> bool:
        """Whether this view only watches; where it does, say so."""
        if self._readonly:
            self.say(READ_ONLY, "bad")
        return self._readonly

    def accept(self, alert: Alert | None = None) -> None:
        """Prepare what an alert suggests, or the newest open one that suggests something; Enter sends it."""
        if not self.may(cmd.SetControls):
            return
        alert = alert or acceptable(open_alerts(self._view.found), self._view.values)
        if alert is None:
            waiting = bool(open_alerts(self._view.found))
            where = self.in_words(" {alerts|A} says what to do.") if waiting else ""
            self.say(f"No open alert suggests a nudge.{where}")
            return
        moves = suggestion_text(alert, self._view.values)
        self.prepare(alert.suggestion)
        self._controls.give_reason(f"sentinel {alert.sentinel}", alert.suggestion)
        then = self.in_words("{apply|Enter} applies, {drop|Esc} drops.")
        self.say(f"{printable(f'{alert.sentinel}: {moves}')}. {then}")

    def ask_stop(self) -> None:
        """Ask the user how to stop, then ask the engine."""
        if self.may(cmd.Stop):
            from gan_tui.screens.stop import StopDialog  # as late as all dialogs: the first paint waits for none

            self._screen.app.push_screen(StopDialog(self._view.name), self._stop)

    def write_note(self) -> None:
        """Have a note typed, then put it into the journal."""
        if self.may(cmd.WriteNote):
            from gan_tui.screens.prompts import NoteDialog

            self._screen.app.push_screen(NoteDialog(), self._note)

    def may_resume(self) -> bool:
        """Whether another engine may be started here; where not, say why."""
        if self.refuses_readonly():
            return False
        if not self._view.ended:
            way = self.in_words("stop it first ({stop|X}), then choose a checkpoint.")
            self.say(f"This run has an engine at work: {way}", "bad", lambda: not self._view.ended)
        return self._view.ended

    # ------------------------------------------------------------------------------------------- inside

    def _ask(self, command: cmd.Command) -> None:
        if self.may(type(command)):
            self._wish(command)

    def _is_held_by(self, other: Holder) -> Callable[[], bool]:
        return lambda: self._view.held_by_other == other

    def _holding(self, exchange: Exchange) -> Callable[[], bool] | None:
        """Whether the answer to a command is so, where it speaks of a state that passes."""
        if exchange.reply is None or exchange.reply.refusal is not None:
            return None
        step = exchange.reply.step
        match exchange.command:
            case cmd.Pause():
                return lambda: self._view.state == "paused"
            case cmd.Continue():
                return lambda: self._view.state == "training"
            case cmd.SaveCheckpoint():
                return lambda: not any(it.kind == "checkpoint" and it.step >= step for it in self._view.markers)
            case cmd.Stop():
                return lambda: not self._view.ended
            case _:
                return None

    def _stop(self, how: StopDialog.How | None) -> None:
        if how is not None:
            self._ask(cmd.Stop(how=how))

    def _note(self, text: str | None) -> None:
        if text:
            self._ask(cmd.WriteNote(text=text[: cmd.MAX_TEXT]))


def _outcome(exchange: Exchange) -> tuple[str, Tone]:
    if exchange.reply is None:
        return exchange.problem, "bad"
    refusal = exchange.reply.refusal
    if refusal is not None:
        return f"{refusal.subject}: {refusal.fact}" + (f". {refusal.fix}" if refusal.fix else ""), "bad"
    return exchange.reply.message or f"done at step {exchange.reply.step:,}", "good"
