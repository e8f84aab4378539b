"""The controls pane: what can be steered, its values in force, and the changes being prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from engine.config.controls import Control
from gan_tui.state.drafts import drafted, nudged, outstanding
from gan_tui.state.journal import number
from gan_tui.state.key_words import with_keys
from gan_tui.widgets.strips import text_strip

DETAIL_ROWS = 2
"""Lines at the bottom for the selected control's meaning and bounds."""


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
    steers: bool = True
    """Whether there is an engine that would take changes."""


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
        self._selected = 0

    # ------------------------------------------------------------------------------------------- data down

    @property
    def drafts(self) -> dict[str, float]:
        """The changes prepared and not yet in force."""
        return dict(self._drafts)

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
        self._drafts = outstanding(self._drafts, data.values) if data.steers else {}
        self._selected = min(self._selected, max(0, len(data.controls) - 1))
        self._changed()

    def select(self, by: int) -> None:
        """Move the selection, round at the ends."""
        if self._data.controls:
            self._selected = (self._selected + by) % len(self._data.controls)
            self._changed()

    def nudge(self, direction: int) -> None:
        """Move the selected control's draft one step up (+1) or down (-1)."""
        if control := self.selected:
            self.draft(control, nudged(control, self._wanted(control), direction))

    def draft(self, control: Control, value: float) -> None:
        """Prepare a value for a control."""
        in_force = self._data.values.get(control.name, control.default)
        self._drafts = drafted(self._drafts, control.name, value, in_force)
        self._changed()

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
        index = event.y + self._first() - self.gutter.top
        if 0 <= index < len(self._data.controls) and event.y - self.gutter.top < self._room():
            self._selected = index
            self._changed()

    # ------------------------------------------------------------------------------------------- drawing

    def render_line(self, y: int) -> Strip:
        """A control, or the selected one's description."""
        width, room = self.size.width, self._room()
        parts: list[tuple[str, Style]] = []
        if y < room:
            index = y + self._first()
            if index < len(self._data.controls):
                parts = self._control_line(self._data.controls[index], index == self._selected, width)
        elif control := self.selected:
            parts = self._detail_line(control, y - room, width)
        return text_strip(parts, width, self.rich_style)

    def _changed(self) -> None:
        count = len(self._drafts)
        if self._data.applying:
            self.border_subtitle = "applying…"
        elif count:
            self.border_subtitle = f"{count} staged · " + with_keys("{apply|Enter} apply · {drop|Esc} drop", self._keys)
        elif self._data.controls:
            told = "{control-previous|[} {control-next|]} choose"
            if self._data.steers:
                told += " · {nudge-down|-} {nudge-up|+} nudge"
            self.border_subtitle = f"{self._selected + 1}/{len(self._data.controls)} · {with_keys(told, self._keys)}"
        self.refresh()

    def _wanted(self, control: Control) -> float:
        return self._drafts.get(control.name, self._data.values.get(control.name, control.default))

    def _room(self) -> int:
        height = self.size.height
        return height if height < 6 else height - DETAIL_ROWS

    def _first(self) -> int:
        """The first control shown, so that the selected one is in view."""
        room = max(1, self._room())
        return min(max(0, self._selected - room // 2), max(0, len(self._data.controls) - room))

    def _control_line(self, control: Control, selected: bool, width: int) -> list[tuple[str, Style]]:
        pen = self.get_component_rich_style
        value = self._data.values.get(control.name, control.default)
        names = min(max(len(each.name) for each in self._data.controls), max(8, width - 14))
        cursor = "▸ " if selected else "  "
        changed = value != control.default
        parts = [
            (f"{cursor}{control.name[:names].ljust(names)} ", "controls--name"),
            (number(value).rjust(8), "controls--changed" if changed else "controls--value"),
        ]
        draft = self._drafts.get(control.name)
        staged = self._data.staged.get(control.name)
        effective = self._data.effective.get(control.name)
        if draft is not None:
            parts.append((f" → {number(draft)}", "controls--draft"))
        elif staged is not None:
            parts.append((f" → {number(staged[0])} at {staged[1]:,}", "controls--draft"))
        elif effective is not None and effective != value:
            parts.append((f"  eff. {number(effective)}", "controls--faint"))
        elif changed:
            parts.append((f"  was {number(control.default)}", "controls--faint"))
        ground = pen("controls--selected").background_style if selected else self.rich_style.background_style
        used = sum(len(text) for text, _ in parts)
        return [*((text, pen(name) + ground) for text, name in parts), (" " * max(0, width - used), ground)]

    def _detail_line(self, control: Control, row: int, width: int) -> list[tuple[str, Style]]:
        style = self.get_component_rich_style("controls--faint")
        unit = f" {control.unit}" if control.unit else ""
        bounds = f"{control.range_text()}{unit}; default {number(control.default)}"
        text = control.doc if row == 0 else bounds
        return [(f"  {text}"[: width - 1] + ("…" if len(text) + 2 >= width else ""), style)]
