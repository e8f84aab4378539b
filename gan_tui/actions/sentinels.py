"""What sentinels have found, and the nudges that they suggest."""

from __future__ import annotations

from gan_tui.actions.action import Action

SENTINELS: tuple[Action, ...] = (
    Action(
        id="accept",
        keys=("a",),
        shown="a",
        label="accept",
        group="Sentinels",
        help="Prepare the nudge that the newest open alert suggests; Enter applies it, Esc drops it.",
        needs_engine=True,
        run=lambda deck: deck.steering.accept(),
    ),
    Action(
        id="alerts",
        keys=("A",),
        shown="A",
        label="alerts",
        group="Sentinels",
        help="List what sentinels have found, each with its cause, what it suggests, and whether it is over.",
        run=lambda deck: deck.excursions.show_alerts(),
    ),
)
