"""The list of what sentinels have found: cause, suggestion, and whether it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.protocol import events as ev
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.following import FollowingScreen
from gan_tui.screens.worded import worded
from gan_tui.state.health import Found
from gan_tui.state.health_words import WATCHED, span_text, suggestion_text
from gan_tui.state.plain_text import printable
from gan_tui.state.run_view import RunView
from gan_tui.widgets.fact_sheet import Fact, FactSheet
from gan_tui.widgets.frames import entitle

_DONE = {"warn": "", "pause": "the run was held", "stop": "the run was saved and ended"}


class AlertsScreen(Dialog[ev.Alert], FollowingScreen[ev.Alert]):
    """Returns the alert whose suggestion is accepted, or None. Alerts that come while it is open are added to it."""

    CSS_PATH = "alerts.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # as Textual declares it
    FOCUSED = OptionList
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,A", "dismiss(None)", "close", id="alerts-close", show=False),
        Binding("a", "accept", "accept", id="alerts-accept", show=False),
    ]

    def __init__(self, view: RunView, *, steers: bool = True) -> None:
        """``steers`` says whether a suggestion can be accepted here."""
        super().__init__()
        self._steers = steers
        self._found: tuple[Found, ...] = ()
        """Newest first."""
        self._shown: tuple[tuple[Found, ...], Mapping[str, float]] | None = None
        """What is on the screen: those, and the values in force."""
        self._values: Mapping[str, float] = {}
        self._view = view
        self.list = OptionList()
        self.facts = FactSheet()

    def compose(self) -> ComposeResult:
        """A list, and what is known of the alert that is highlighted."""
        with Vertical(id="alerts") as box:
            box.border_title = "what sentinels have found"
            yield self.list
            with VerticalScroll(id="details", can_focus=False):
                yield self.facts
            yield Static(id="none")

    def on_mount(self) -> None:
        """Show what is known."""
        self.show(self._view)

    def show(self, view: RunView) -> None:
        """Take the newest view; the highlighted alert stays highlighted."""
        found = tuple(reversed(view.found))
        if (found, view.values) == self._shown:
            return
        self._shown = found, view.values
        on = self._highlighted()
        self._found, self._values = found, view.values
        self.set_class(not found, "-none")
        accept = "{alerts-accept|a} accept the suggestion · " if any(map(self._acceptable, found)) else ""
        choose = "↑ ↓ choose · " if found else ""
        entitle(self.query_one("#alerts"), subtitle=worded(self, f"{accept}{choose}{{alerts-close|Esc}} close"))
        self.query_one("#none", Static).update(_nothing())
        self.list.set_options([Option(_row(each)) for each in found])
        place = next((at for at, each in enumerate(found) if on and each.alert.seq == on.alert.seq), 0)
        self.list.highlighted = place if found else None
        self._show_facts()
        self.list.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what is known of it."""
        event.stop()
        self._show_facts()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Accept its suggestion."""
        event.stop()
        self.action_accept()

    def action_accept(self) -> None:
        """Return the highlighted alert, if it is open and suggests something."""
        chosen = self._highlighted()
        if chosen is not None and self._acceptable(chosen):
            self.dismiss(chosen.alert)
        else:
            self.app.bell()

    def _acceptable(self, found: Found) -> bool:
        return self._steers and found.open and bool(found.alert.suggestion)

    def _highlighted(self) -> Found | None:
        place = self.list.highlighted
        return None if place is None or place >= len(self._found) else self._found[place]

    def _show_facts(self) -> None:
        chosen = self._highlighted()
        how = worded(self, "  ({alerts-accept|a} prepares it, then {apply|Enter} applies it)") if self._steers else ""
        self.facts.show([] if chosen is None else _facts(chosen, self._values, how))


def _row(found: Found) -> Text:
    sign, style = ("!", "bold") if found.open else ("✔", "")
    alert = found.alert
    text = f"{sign} {printable(alert.sentinel):<12} {printable(alert.subject):<16.16} {span_text(found)}"
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _facts(found: Found, values: Mapping[str, float], how: str) -> list[Fact]:
    """``how`` says what accepts its suggestion, while it is open."""
    alert = found.alert
    facts = [Fact("found", (f"{alert.subject} {alert.fact}.",), "warning" if found.open else "plain")]
    if alert.cause:
        facts.append(Fact("cause", (alert.cause,)))
    if alert.suggestion:
        facts.append(Fact("suggested", (suggestion_text(alert, values) + (how if found.open else ""),)))
    if alert.fix:
        facts.append(Fact("to do", (alert.fix,)))
    if done := _DONE[alert.action]:
        facts.append(Fact("done", (done,)))
    facts.append(Fact("state", (span_text(found) if found.open else f"over: {span_text(found)}",), "faint"))
    return facts


def _nothing() -> Text:
    watched = "\n".join(f"  {name:<12} {what}" for name, what in WATCHED.items())
    return Text(f"Nothing so far. Unless the preset has them off, sentinels watch for:\n\n{watched}")
