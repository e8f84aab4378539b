"""Looking at sample sheets."""

from __future__ import annotations

from gan_tui.actions.action import Action

SAMPLES: tuple[Action, ...] = (
    Action(
        id="older",
        keys=("comma", "less_than_sign"),
        shown=", <",
        label="older",
        group="Samples",
        help="Show the sample sheet before this one.",
        run=lambda deck: deck.samples.older(),
    ),
    Action(
        id="newer",
        keys=("full_stop", "greater_than_sign"),
        shown=". >",
        label="newer",
        group="Samples",
        help="Show the sample sheet after this one; after the last one the newest is followed again.",
        run=lambda deck: deck.samples.newer(),
    ),
    Action(
        id="sample",
        keys=("v",),
        shown="v",
        label="sample now",
        group="Samples",
        help="Draw a sample sheet at the next step.",
        needs_engine=True,
        run=lambda deck: deck.steering.sample(),
    ),
)
