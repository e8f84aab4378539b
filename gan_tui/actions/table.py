"""The one table of what a user can do on the dashboard: it feeds bindings, footer, help and command palette.

The functions take another screen's table as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from textual.binding import Binding

from gan_tui.actions.action import Action, ActionOn, Group
from gan_tui.actions.controls import CONTROLS
from gan_tui.actions.display import DISPLAY
from gan_tui.actions.plot import PLOT
from gan_tui.actions.run import RUN
from gan_tui.actions.samples import SAMPLES
from gan_tui.widgets.footer import Hint

ACTIONS: tuple[Action, ...] = (*RUN, *CONTROLS, *PLOT, *SAMPLES, *DISPLAY)

BY_ID = {action.id: action for action in ACTIONS}

_PAIRS = (
    (3, "[ ]", "control", BY_ID["control-next"]),
    (4, "- +", "nudge", BY_ID["nudge-up"]),
)
"""Two keys under one hint, and its place among the footer's."""


def bindings(table: Sequence[ActionOn[Any]] = ACTIONS) -> list[Binding]:
    """The table as key bindings; ctrl+q and ctrl+p come before Textual's own."""
    return [
        Binding(
            key,
            action.textual_action.removeprefix("screen."),
            action.label,
            show=False,
            id=f"{action.id}:{key}",
            priority=key in ("ctrl+q", "ctrl+p", "ctrl+c"),
        )
        for action in table
        for key in action.keys
    ]


def footer_hints(relabelled: dict[str, str], *, steers: bool, table: Sequence[ActionOn[Any]] = ACTIONS) -> list[Hint]:
    """The footer's hints by importance, the help last.

    Args:
        relabelled: actions that have another label for now.
        steers: whether there is an engine to be asked for something, by this viewer.
        table: whose actions.
    """
    single = ((each.footer, each.shown, relabelled.get(each.id, each.label), each) for each in table)
    pairs = _PAIRS if table is ACTIONS else ()
    placed = sorted((hint for hint in (*single, *pairs) if hint[0] is not None), key=lambda hint: hint[0] or 0)
    return [
        Hint(key=key, label=label, action=action.textual_action)
        for _, key, label, action in placed
        if steers or not action.needs_engine
    ]


def grouped(table: Sequence[ActionOn[Any]] = ACTIONS) -> Iterable[tuple[Group, list[ActionOn[Any]]]]:
    """The table by group, as the help lists it."""
    groups: list[Group] = []
    for action in table:
        if action.group not in groups:
            groups.append(action.group)
    return [(group, [action for action in table if action.group == group]) for group in groups]
