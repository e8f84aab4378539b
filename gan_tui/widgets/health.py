"""The health strip: what sentinels have found, the nudge that they suggest, and the numbers that they go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len

from gan_tui.state.health import acceptable, open_alerts
from gan_tui.state.health_words import belief_texts, look_texts, suggestion_text
from gan_tui.state.key_words import with_keys
from gan_tui.state.run_view import RunView
from gan_tui.widgets.columns import clipped, whole_parts
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.line import Lines, Span


class HealthPane(Lines):
    """Hidden where an engine has said nothing of health; the most urgent first, as far as there is room."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"health--label", "health--value", "health--good", "health--warn"}
    DEFAULT_CSS = """
    HealthPane { height: 3; }
    HealthPane.-silent { display: none; }
    HealthPane .health--label { color: $faint; }
    HealthPane .health--value { color: $foreground; }
    HealthPane .health--good { color: $success; }
    HealthPane .health--warn { color: $warning; text-style: bold; }
    """

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        super().__init__(classes="-silent")
        self._keys = keys or {}
        self._view: RunView | None = None
        self._steers = True

    def show(self, view: RunView, *, steers: bool = True) -> None:
        """Take the run's view; ``steers`` says whether a suggestion can be accepted here."""
        self._view, self._steers = view, steers
        self.set_class(not (view.health or view.found), "-silent")
        waiting = len(open_alerts(view.found))
        words = f"{waiting} open · {{alerts|A}} list" if waiting else "{alerts|A} list" if view.found else ""
        entitle(self, subtitle=with_keys(words, self._keys))
        self.redraw()

    def lines(self, width: int) -> list[list[Span]]:
        """What is open, what is suggested, what the discriminators believe, how the pictures look."""
        view = self._view
        if view is None:
            return []
        told = [_state(view, width)]
        if (alert := acceptable(open_alerts(view.found), view.values)) and not view.ended:
            how = with_keys("  ({accept|a} accepts)", self._keys) if self._steers else ""
            nudge = clipped(suggestion_text(alert, view.values), width - 11 - len(how))
            told.append([("suggested  ", "health--label"), (nudge + how, "health--value")])
        told += _measured("real/fake  ", [(text,) for text in belief_texts(view.health)], width)
        told += _measured("pictures   ", look_texts(view.health), width)
        return told


def _state(view: RunView, width: int) -> list[Span]:
    alerts = open_alerts(view.found)
    if not alerts:
        return [("✔ ", "health--good"), ("no sentinel has an alert open", "health--value")]
    newest = alerts[-1]
    others = f" (+{len(alerts) - 1})" if len(alerts) > 1 else ""
    text = f"{newest.sentinel}{others}: {newest.subject} {newest.fact}"
    return [("! ", "health--warn"), (clipped(text, width - 2), "health--warn")]


def _measured(label: str, told: Sequence[Sequence[str]], width: int) -> list[list[Span]]:
    """One line if all fit into it, else one for each."""
    room = width - len(label)
    whole = " · ".join(map(" ".join, told))
    rows = [whole] if cell_len(whole) <= room else [whole_parts(parts, room, " ") for parts in told]
    return [
        [(label if place == 0 else " " * len(label), "health--label"), (row, "health--value")]
        for place, row in enumerate(rows)
        if row
    ]
