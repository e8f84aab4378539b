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
        id="picture-next",
        keys=("n",),
        shown="n",
        label="next picture",
        group="Samples",
        help="Select the next picture of the sheet; rows for which there is no room come into view. So does a click.",
        run=lambda deck: deck.samples.select(+1),
    ),
    Action(
        id="picture-previous",
        keys=("N",),
        shown="N",
        label="picture before",
        group="Samples",
        help="Select the picture before.",
        run=lambda deck: deck.samples.select(-1),
    ),
    Action(
        id="picture",
        keys=("o",),
        shown="o",
        label="large picture",
        group="Samples",
        help="Show the selected picture as large as can be, and go through the sheets with it. So does a double click.",
        run=lambda deck: deck.excursions.show_picture(),
    ),
    Action(
        id="before-after",
        keys=("b",),
        shown="b",
        label="before/after",
        group="Samples",
        help="Show pictures from before and after the newest nudge, or the one at the plot's cursor, side by side.",
        run=lambda deck: deck.excursions.show_before_after(),
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
