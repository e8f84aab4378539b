"""The controls pane: what can be steered, its values in force, and the changes being prepared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from engine.config.controls import Control
from gan_tui.state.drafts import drafted, nudged, outstanding
from gan_tui.state.key_words import with_keys
from gan_tui.state.scroll import scrolled
from gan_tui.widgets.control_lines import Columns, Standing, control_line, details, heading
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.strips import text_strip

DETAIL_ROWS = 2
"""Lines at the bottom for the selected control's meaning and where the keys take it."""
LEAST_FOR_HEADING = 10
"""Rows from which on one is spent on the columns' names."""


@dataclass(frozen=True, kw_only=True)
class ControlsData:
    """What the pane is told."""

    controls: tuple[Control, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    effective: Mapping[str, float] = field(default_factory=dict)
    """Effective value of a control, where it is not the value itself: a learning rate under its schedule."""
    staged: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """Accepted for a later step: value and step."""
    applying: bool = False
    """Whether changes are on their way to the engine."""
    live: bool = True
    """Whether an engine is at work; without one nothing stays prepared."""
    steers: bool = True
    """Whether that engine takes changes from here."""


class ControlsPane(Widget, can_focus=True):
    """A list of controls with one selected; nudges become drafts, which the screen sends all at once."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "controls--name",
        "controls--value",
        "controls--draft",
        "controls--faint",
        "controls--selected",
        "controls--changed",
    }
    DEFAULT_CSS = """
    ControlsPane { height: 1fr; }
    ControlsPane .controls--name { color: $foreground; }
    ControlsPane .controls--value { color: $foreground; text-style: bold; }
    ControlsPane .controls--changed { color: $primary; text-style: bold; }
    ControlsPane .controls--draft { color: $accent; text-style: bold; }
    ControlsPane .controls--faint { color: $faint; }
    ControlsPane .controls--selected { background: $panel; }
    """

    @dataclass
    class ValueWanted(Message):
        """The user points at a control to type a value for."""

        setting: Control
        value: float

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        """``keys`` are those in the frame that the user has changed."""
        super().__init__()
        self._keys = keys or {}
        self._data = ControlsData()
        self._drafts: dict[str, float] = {}
        self._reason: tuple[str, dict[str, float]] = ("", {})
        """Why some of them are prepared, and which."""
        self._selected = 0
        self._first = 0
        """The first control shown."""

    # ------------------------------------------------------------------------------------------- data down

    @property
    def drafts(self) -> dict[str, float]:
        """The changes prepared and not yet in force."""
        return dict(self._drafts)

    @property
    def reason(self) -> str:
        """Why some of them are prepared; empty where nobody gave a reason."""
        return self._reason[0]

    @property
    def selected(self) -> Control | None:
        """The control that keys act on."""
        controls = self._data.controls
        return controls[self._selected] if self._selected < len(controls) else None

    def show(self, data: ControlsData) -> None:
        """Take new values; drafts that are now in force are done, and without an engine there are none."""
        if data == self._data:
            return
        self._data = data
        self._drafts = outstanding(self._drafts, data.values) if data.live else {}
        self._selected = min(self._selected, max(0, len(data.controls) - 1))
        self._changed()

    def select(self, by: int) -> None:
        """Move the selection, round at the ends."""
        if self._data.controls:
            self._selected = (self._selected + by) % len(self._data.controls)
            self._changed()

    def nudge(self, direction: int, *, coarse: bool = False) -> None:
        """Move the selected control's draft one step up (+1) or down (-1)."""
        if control := self.selected:
            self.draft(control, nudged(control, self._wanted(control), direction, coarse=coarse))

    def back_to_default(self) -> None:
        """Prepare the selected control's default."""
        if control := self.selected:
            self.draft(control, control.default)

    def draft(self, control: Control, value: float) -> None:
        """Prepare a value for a control."""
        in_force = self._data.values.get(control.name, control.default)
        self._drafts = drafted(self._drafts, control.name, value, in_force)
        self._changed()

    def give_reason(self, why: str, names: Iterable[str]) -> None:
        """Remember why these controls are to be changed, for as long as they are prepared as they are now."""
        because = {name: self._drafts[name] for name in names if name in self._drafts}
        self._reason = (why if because else "", because)

    def drop_drafts(self) -> None:
        """Forget what was prepared."""
        self._drafts = {}
        self._changed()

    def ask_value(self) -> None:
        """Ask the screen to have a value typed for the selected control."""
        if control := self.selected:
            self.post_message(self.ValueWanted(control, self._wanted(control)))

    def on_click(self, event: events.Click) -> None:
        """Select the control that was clicked."""
        row = event.y - self.gutter.top - self._heads()
        index = row + self._first
        if 0 <= row < self._room() and index < len(self._data.controls):
            self._selected = index
            self._changed()

    def on_resize(self) -> None:
        """Keep the selected control in view."""
        self._changed()

    # ------------------------------------------------------------------------------------------- drawing

    def render_line(self, y: int) -> Strip:
        """The columns' names, a control, or what the selected one is."""
        width, row = self.size.width, y - self._heads()
        parts: list[tuple[str, Style]] = []
        index = row + self._first
        if row < 0:
            parts = [(text, self.get_component_rich_style(name)) for text, name in heading(self._columns(width))]
        elif row < self._room():
            if index < len(self._data.controls):
                parts = self._control_line(index, width)
        elif control := self.selected:
            parts = self._detail_line(control, row - self._room(), width)
        return text_strip(parts, width, self.rich_style)

    def _changed(self) -> None:
        if not self._reason[1].items() <= self._drafts.items():
            self._reason = ("", {})
        count, controls = len(self._drafts), len(self._data.controls)
        self._first = scrolled(self._first, self._selected, controls, max(1, self._room()))
        if self._data.applying:
            entitle(self, subtitle="applying…")
        elif count:
            together = " at one step" if count > 1 else ""
            way = f"{{apply|Enter}} apply{together}" if self._data.steers else "{take-over|T} take over"
            told = f"{count} staged · {way} · {{drop|Esc}} drop"
            entitle(self, subtitle=with_keys(told, self._keys))
        elif controls:
            more = "↑" * (self._first > 0) + "↓" * (self._first + self._room() < controls)
            told = f"{self._selected + 1}/{controls}{more} · {{control-previous|[}} {{control-next|]}} choose"
            if self._data.steers:
                told += " · {nudge-down|-} {nudge-up|+} nudge"
            entitle(self, subtitle=with_keys(told, self._keys))
        self.refresh()

    def _wanted(self, control: Control) -> float:
        return self._drafts.get(control.name, self._data.values.get(control.name, control.default))

    def _heads(self) -> int:
        return int(self.size.height >= LEAST_FOR_HEADING)

    def _room(self) -> int:
        height = self.size.height
        return height if height < 6 else height - DETAIL_ROWS - self._heads()

    def _columns(self, width: int) -> Columns:
        return Columns.fitting(self._data.controls, width)

    def _standing(self, control: Control) -> Standing:
        data = self._data
        return Standing(
            value=data.values.get(control.name, control.default),
            draft=self._drafts.get(control.name),
            staged=data.staged.get(control.name),
            effective=data.effective.get(control.name),
        )

    def _control_line(self, index: int, width: int) -> list[tuple[str, Style]]:
        pen, controls = self.get_component_rich_style, self._data.controls
        control, selected = controls[index], index == self._selected
        above = controls[index - 1].name.partition(".")[0] if index > self._first else ""
        first = control.name.partition(".")[0] != above
        parts = control_line(control, self._standing(control), self._columns(width), selected=selected, first=first)
        ground = pen("controls--selected").background_style if selected else self.rich_style.background_style
        used = sum(len(text) for text, _ in parts)
        return [*((text, pen(name) + ground) for text, name in parts), (" " * max(0, width - used), ground)]

    def _detail_line(self, control: Control, row: int, width: int) -> list[tuple[str, Style]]:
        told = details(control, self._standing(control), self._keys, width - 2, steers=self._data.steers)[row]
        return [(f"  {told}", self.get_component_rich_style("controls--faint"))]
