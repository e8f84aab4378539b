"""The strip of pane names that stands above the panes where only one of them fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from gan_tui.widgets.line import Lines, Span


class TabStrip(Lines):
    """Names with the keys that show them; a click does too."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tabs--active", "tabs--other", "tabs--key"}
    DEFAULT_CSS = """
    TabStrip { height: 1; }
    TabStrip .tabs--active { color: $background; background: $primary; text-style: bold; }
    TabStrip .tabs--other { color: $foreground; }
    TabStrip .tabs--key { color: $primary; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._names: Sequence[tuple[str, str, str]] = ()
        self._active = 0

    def show(self, names: Sequence[tuple[str, str, str]], active: int) -> None:
        """Take (key, name, action) of each pane and which one is shown."""
        self._names, self._active = names, active
        self.redraw()

    def lines(self, width: int) -> list[list[Span]]:
        """All in one line."""
        spans: list[Span] = []
        for place, (key, name, action) in enumerate(self._names):
            if place == self._active:
                spans.append((f" {key} {name} ", f"tabs--active@{action}"))
            else:
                spans += [(f" {key}", f"tabs--key@{action}"), (f" {name} ", f"tabs--other@{action}")]
            spans.append((" ", "tabs--other"))
        return [spans]
