"""Moving about the dashboard, and finding out what can be done."""

from __future__ import annotations

from collections.abc import Callable

from gan_tui.actions.action import Action, Deck


def _going_to(place: int) -> Callable[[Deck], None]:
    return lambda deck: deck.go_to(place)


DISPLAY: tuple[Action, ...] = (
    Action(
        id="freeze",
        keys=("f",),
        shown="f",
        label="freeze",
        group="Display",
        footer=10,
        help="Hold the display still, or let it go on; training is not touched.",
        run=lambda deck: deck.toggle_freeze(),
    ),
    *(
        Action(
            id=f"pane-{place + 1}",
            keys=(str(place + 1),),
            shown=str(place + 1),
            label=name,
            group="Display",
            help=f"Go to the {name} pane.",
            run=_going_to(place),
        )
        for place, name in enumerate(("plot", "samples", "controls", "journal"))
    ),
    Action(
        id="pane-next",
        keys=("tab",),
        shown="Tab",
        label="next pane",
        group="Display",
        help="Go to the next pane.",
        run=lambda deck: deck.go_on(+1),
    ),
    Action(
        id="pane-previous",
        keys=("shift+tab",),
        shown="Shift+Tab",
        label="previous pane",
        group="Display",
        help="Go to the previous pane.",
        run=lambda deck: deck.go_on(-1),
    ),
    Action(
        id="machine",
        keys=("M",),
        shown="M",
        label="machine",
        group="Display",
        help="Show the machine: GPU, processors, memory and disk, now and over time, and where a step's time goes.",
        run=lambda deck: deck.excursions.show_machine(),
    ),
    Action(
        id="theme",
        keys=("t",),
        shown="t",
        label="theme",
        group="Display",
        help="Take the next theme: dark, light, both for colour-blind eyes, monochrome; for as long as this lasts.",
        run=lambda deck: deck.next_theme(),
    ),
    Action(
        id="palette",
        keys=("colon", "ctrl+p"),
        shown=": Ctrl+P",
        label="palette",
        group="Display",
        help="Search everything that can be done here.",
        run=lambda deck: deck.excursions.show_palette(),
    ),
    Action(
        id="export",
        keys=("E",),
        shown="E",
        label="export",
        group="Display",
        help="Write the plot as it is seen to a file, as SVG, PNG or CSV, or the sheet of samples as PNG.",
        run=lambda deck: deck.export(),
    ),
    Action(
        id="notify",
        keys=("exclamation_mark",),
        shown="!",
        label="notify",
        group="Display",
        help="How alerts and the run's end call you: not at all, by the bell, by a message on the desktop, or by both.",
        run=lambda deck: deck.change_calls(),
    ),
    Action(
        id="interrupt",
        keys=("ctrl+c",),
        shown="Ctrl+C",
        label="interrupt",
        group="Display",
        help="Does nothing to the run: says which key leaves and which stops.",
        run=lambda deck: deck.explain_interrupt(),
    ),
    Action(
        id="help",
        keys=("question_mark", "f1"),
        shown="?",
        label="help",
        group="Display",
        footer=99,
        help="List every key.",
        run=lambda deck: deck.excursions.show_help(),
    ),
)
