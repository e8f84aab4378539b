"""The one table of what a user can do on the dashboard: it feeds bindings, footer, help and command palette.

The functions take another screen's table as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.binding import Binding

from gan_tui.actions.action import Action, ActionOn, Group, Target
from gan_tui.actions.controls import CONTROLS
from gan_tui.actions.display import DISPLAY
from gan_tui.actions.plot import PLOT
from gan_tui.actions.run import RUN
from gan_tui.actions.samples import SAMPLES
from gan_tui.actions.sentinels import SENTINELS
from gan_tui.widgets.footer import Hint

ACTIONS: tuple[Action, ...] = (*RUN, *CONTROLS, *SENTINELS, *PLOT, *SAMPLES, *DISPLAY)


_PAIRS = (
    (3, "control", "control-previous", "control-next"),
    (4, "nudge", "nudge-down", "nudge-up"),
)
"""Two actions under one hint, and its place among the footer's."""


def bindings(actions: Sequence[ActionOn[Any]] = ACTIONS) -> list[Binding]:
    """The table as key bindings, by whose ids a user gives other keys; ctrl+q and ctrl+p come before Textual's own."""
    return [
        Binding(
            key,
            action.textual_action.removeprefix("screen."),
            action.label,
            show=False,
            id=action.id,
            priority=key in ("ctrl+q", "ctrl+p", "ctrl+c"),
        )
        for action in actions
        for key in action.keys
    ]


def footer_hints(
    actions: Sequence[ActionOn[Any]], relabelled: dict[str, str], *, steers: bool, held: bool = False
) -> list[Hint]:
    """The footer's hints by importance, the help last.

    Args:
        actions: those of the table, with the keys that they have.
        relabelled: actions that have another label for now.
        steers: whether there is an engine to be asked for something, by this viewer.
        held: whether another viewer holds control, from whom it can be taken over.
    """
    by_id = {action.id: action for action in actions}
    single = ((each.footer, each.shown, relabelled.get(each.id, each.label), each) for each in actions)
    pairs = (
        (place, f"{by_id[first].shown} {second.shown}", label, second)
        for place, label, first, second in ((*pair[:3], by_id[pair[3]]) for pair in _PAIRS if pair[3] in by_id)
    )
    placed = sorted((hint for hint in (*single, *pairs) if hint[0] is not None), key=lambda hint: hint[0] or 0)
    return [
        Hint(key=key, label=label, action=action.textual_action)
        for _, key, label, action in placed
        if (held if action.id == "take-over" else steers or not (action.needs_engine or action.steers))
    ]


def grouped(actions: Sequence[ActionOn[Target]]) -> list[tuple[Group, list[ActionOn[Target]]]]:
    """Actions by group, as the help lists them."""
    groups = dict.fromkeys(action.group for action in actions)
    return [(group, [action for action in actions if action.group == group]) for group in groups]
