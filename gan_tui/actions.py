"""The one table of what a user can do on the dashboard: it feeds bindings, footer, help and command palette."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from textual.binding import Binding

from gan_tui.screens.steering import Steering
from gan_tui.widgets.controls import ControlsPane
from gan_tui.widgets.footer import Hint
from gan_tui.widgets.plot import PAN, ZOOM, LossPlot
from gan_tui.widgets.samples import SamplePane

Group: TypeAlias = Literal["Run", "Controls", "Plot", "Samples", "Display"]


class Deck(Protocol):
    """What actions act on: the dashboard screen."""

    @property
    def plot(self) -> LossPlot: ...
    @property
    def samples(self) -> SamplePane: ...
    @property
    def controls(self) -> ControlsPane: ...
    @property
    def steering(self) -> Steering: ...

    def detach(self) -> None:
        """Leave; training goes on."""

    def pick_checkpoint(self) -> None:
        """List the checkpoints."""

    def toggle_freeze(self) -> None:
        """Hold the display still, or let it go on."""

    def ask_beside(self) -> None:
        """Have a run chosen whose curves are drawn behind this one's."""

    def ask_filter(self) -> None:
        """Have words typed that the names of series are to have."""

    def show_help(self) -> None:
        """List every key."""

    def show_palette(self) -> None:
        """Search the actions."""

    def go_to(self, place: int) -> None:
        """Focus a pane by its number, from 0."""

    def go_on(self, by: int) -> None:
        """Focus the next or the previous pane."""

    def explain_interrupt(self) -> None:
        """Say which key leaves and which stops."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something a key does."""

    id: str
    keys: tuple[str, ...]
    """In Textual's spelling."""
    shown: str
    """The keys as the footer and the help write them."""
    label: str
    """One or two words for the footer."""
    help: str
    """One sentence."""
    group: Group
    run: Callable[[Deck], None]
    footer: int | None = None
    """Place among the footer's hints, first to last by importance; None: only in the help."""
    needs_engine: bool = False
    """Whether nothing comes of it on a run that no engine works on."""

    @property
    def textual_action(self) -> str:
        """The action string that Textual runs on the screen."""
        return f"screen.perform('{self.id}')"


def _going_to(place: int) -> Callable[[Deck], None]:
    return lambda deck: deck.go_to(place)


ACTIONS: tuple[Action, ...] = (
    Action(
        id="detach",
        keys=("q", "ctrl+q"),
        shown="q",
        label="detach",
        group="Run",
        footer=0,
        help="Leave the dashboard; training continues and gan-tui attach comes back to it.",
        run=lambda deck: deck.detach(),
    ),
    Action(
        id="pause",
        keys=("P",),
        shown="P",
        label="pause",
        group="Run",
        footer=1,
        help="Pause training after the step in progress, or continue it.",
        needs_engine=True,
        run=lambda deck: deck.steering.toggle_pause(),
    ),
    Action(
        id="save",
        keys=("S",),
        shown="S",
        label="save",
        group="Run",
        footer=2,
        help="Write a checkpoint at the next step.",
        needs_engine=True,
        run=lambda deck: deck.steering.save(),
    ),
    Action(
        id="checkpoints",
        keys=("R",),
        shown="R",
        label="checkpoints",
        group="Run",
        footer=8,
        help="Look at the checkpoints, put stars on them, or leave the dashboard to resume from one.",
        run=lambda deck: deck.pick_checkpoint(),
    ),
    Action(
        id="stop",
        keys=("X",),
        shown="X",
        label="stop",
        group="Run",
        footer=7,
        help="Stop the run; asks whether to finish the epoch, save and stop, or kill.",
        needs_engine=True,
        run=lambda deck: deck.steering.ask_stop(),
    ),
    Action(
        id="note",
        keys=("m",),
        shown="m",
        label="note",
        group="Run",
        footer=9,
        help="Write a remark into the journal.",
        needs_engine=True,
        run=lambda deck: deck.steering.write_note(),
    ),
    Action(
        id="control-previous",
        keys=("left_square_bracket",),
        shown="[",
        label="control above",
        group="Controls",
        help="Select the control above.",
        run=lambda deck: deck.controls.select(-1),
    ),
    Action(
        id="control-next",
        keys=("right_square_bracket",),
        shown="]",
        label="control below",
        group="Controls",
        help="Select the control below.",
        run=lambda deck: deck.controls.select(+1),
    ),
    Action(
        id="nudge-down",
        keys=("minus",),
        shown="-",
        label="nudge down",
        group="Controls",
        help="Prepare a lower value for the selected control; nothing is sent yet.",
        needs_engine=True,
        run=lambda deck: deck.controls.nudge(-1),
    ),
    Action(
        id="nudge-up",
        keys=("plus",),
        shown="+",
        label="nudge up",
        group="Controls",
        help="Prepare a higher value for the selected control; nothing is sent yet.",
        needs_engine=True,
        run=lambda deck: deck.controls.nudge(+1),
    ),
    Action(
        id="value",
        keys=("equals_sign",),
        shown="=",
        label="type value",
        group="Controls",
        help="Type a value for the selected control.",
        needs_engine=True,
        run=lambda deck: deck.controls.ask_value(),
    ),
    Action(
        id="apply",
        keys=("enter",),
        shown="Enter",
        label="apply",
        group="Controls",
        footer=5,
        help="Send every prepared value; the engine takes them all at one step.",
        needs_engine=True,
        run=lambda deck: deck.steering.apply_drafts(),
    ),
    Action(
        id="drop",
        keys=("escape",),
        shown="Esc",
        label="drop",
        group="Controls",
        help="Drop the prepared values.",
        run=lambda deck: deck.controls.drop_drafts(),
    ),
    Action(
        id="undo",
        keys=("u",),
        shown="u",
        label="undo",
        group="Controls",
        footer=6,
        help="Restore the settings before the newest nudge; the weights of the networks stay as they are.",
        needs_engine=True,
        run=lambda deck: deck.steering.undo(),
    ),
    Action(
        id="log",
        keys=("y",),
        shown="y",
        label="log y",
        group="Plot",
        footer=11,
        help="Switch the y axis between logarithmic and linear.",
        run=lambda deck: deck.plot.toggle_log(),
    ),
    Action(
        id="smooth",
        keys=("s",),
        shown="s",
        label="smoothing",
        group="Plot",
        footer=12,
        help="Draw the curves raw, smooth or smoother.",
        run=lambda deck: deck.plot.cycle_smoothing(),
    ),
    Action(
        id="group-next",
        keys=("g",),
        shown="g",
        label="series",
        group="Plot",
        footer=13,
        help="Show the next group of series: losses, the generators', learning rates, weights and more.",
        run=lambda deck: deck.plot.cycle_group(+1),
    ),
    Action(
        id="group-previous",
        keys=("G",),
        shown="G",
        label="series before",
        group="Plot",
        help="Show the group of series before this one.",
        run=lambda deck: deck.plot.cycle_group(-1),
    ),
    Action(
        id="filter",
        keys=("slash",),
        shown="/",
        label="filter",
        group="Plot",
        footer=14,
        help="Type words; only series of whose names one is a part are shown.",
        run=lambda deck: deck.ask_filter(),
    ),
    Action(
        id="scale",
        keys=("x",),
        shown="x",
        label="x axis",
        group="Plot",
        footer=15,
        help="Label the x axis with steps, epochs or time.",
        run=lambda deck: deck.plot.cycle_scale(),
    ),
    Action(
        id="compare",
        keys=("c",),
        shown="c",
        label="compare",
        group="Plot",
        footer=16,
        help="Draw the curves of another run behind these: of the parent, of a branch, or of any other.",
        run=lambda deck: deck.ask_beside(),
    ),
    Action(
        id="zoom-in",
        keys=("z",),
        shown="z",
        label="zoom in",
        group="Plot",
        help="Look closer: around the cursor, or without one at the newest part. So does the wheel of a mouse.",
        run=lambda deck: deck.plot.zoom(ZOOM),
    ),
    Action(
        id="zoom-out",
        keys=("Z",),
        shown="Z",
        label="zoom out",
        group="Plot",
        help="Look from further away.",
        run=lambda deck: deck.plot.zoom(1 / ZOOM),
    ),
    Action(
        id="pan-left",
        keys=("shift+left",),
        shown="Shift+←",
        label="pan left",
        group="Plot",
        help="Of a part of the course, go to what was before it.",
        run=lambda deck: deck.plot.pan(-PAN),
    ),
    Action(
        id="pan-right",
        keys=("shift+right",),
        shown="Shift+→",
        label="pan right",
        group="Plot",
        help="Of a part of the course, go to what came after it; at its end the newest line is followed.",
        run=lambda deck: deck.plot.pan(+PAN),
    ),
    Action(
        id="cursor-left",
        keys=("left",),
        shown="←",
        label="cursor left",
        group="Plot",
        help="Read values out at a cursor, and go back with it; the samples of that step are shown with it.",
        run=lambda deck: deck.plot.move_cursor(-1),
    ),
    Action(
        id="cursor-right",
        keys=("right",),
        shown="→",
        label="cursor right",
        group="Plot",
        help="Go on with the cursor.",
        run=lambda deck: deck.plot.move_cursor(+1),
    ),
    Action(
        id="newest",
        keys=("w",),
        shown="w",
        label="newest part",
        group="Plot",
        help="Show the newest part of the course and follow it, or the whole course again.",
        run=lambda deck: deck.plot.toggle_newest(),
    ),
    Action(
        id="whole",
        keys=("0",),
        shown="0",
        label="whole course",
        group="Plot",
        help="Show the whole course, without a cursor.",
        run=lambda deck: deck.plot.reset_view(),
    ),
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
        id="palette",
        keys=("colon", "ctrl+p"),
        shown=": Ctrl+P",
        label="palette",
        group="Display",
        help="Search everything that can be done here.",
        run=lambda deck: deck.show_palette(),
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
        run=lambda deck: deck.show_help(),
    ),
)

BY_ID = {action.id: action for action in ACTIONS}

_PAIRS = (
    (3, "[ ]", "control", BY_ID["control-next"]),
    (4, "- +", "nudge", BY_ID["nudge-up"]),
)
"""Two keys under one hint, and its place among the footer's."""


def bindings() -> list[Binding]:
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
        for action in ACTIONS
        for key in action.keys
    ]


def footer_hints(relabelled: dict[str, str], *, steers: bool) -> list[Hint]:
    """The footer's hints by importance, the help last.

    Args:
        relabelled: actions that have another label for now.
        steers: whether there is an engine to be asked for something, by this viewer.
    """
    single = ((each.footer, each.shown, relabelled.get(each.id, each.label), each) for each in ACTIONS)
    placed = sorted((hint for hint in (*single, *_PAIRS) if hint[0] is not None), key=lambda hint: hint[0] or 0)
    return [
        Hint(key=key, label=label, action=action.textual_action)
        for _, key, label, action in placed
        if steers or not action.needs_engine
    ]


def grouped() -> Iterable[tuple[Group, list[Action]]]:
    """The table by group, as the help lists it."""
    groups: list[Group] = []
    for action in ACTIONS:
        if action.group not in groups:
            groups.append(action.group)
    return [(group, [action for action in ACTIONS if action.group == group]) for group in groups]
