"""The table of what a user can do in the runs browser: it feeds bindings, footer, help and command palette there."""

from __future__ import annotations

from typing import Protocol, TypeAlias

from gan_tui.actions.action import ActionOn
from gan_tui.screens.run_errands import RunErrands
from gan_tui.widgets.run_table import RunTable


class Shelf(Protocol):
    """What these actions act on: the browser's screen."""

    @property
    def table(self) -> RunTable: ...
    @property
    def errands(self) -> RunErrands: ...

    def leave(self) -> None:
        """Leave; nothing is stopped."""

    def compare(self) -> None:
        """Mark a run, or compare it with the one that is marked."""

    def sort(self) -> None:
        """Put the list in the next order."""

    def ask_filter(self) -> None:
        """Have words typed that runs are to have."""

    def drop(self) -> None:
        """Forget the mark and the filter."""

    def go_on(self) -> None:
        """Focus the list or the details."""

    def next_theme(self) -> None:
        """Have other colours."""

    def explain_interrupt(self) -> None:
        """Say which key leaves."""


BrowserAction: TypeAlias = ActionOn[Shelf]

RUNS: tuple[BrowserAction, ...] = (
    BrowserAction(
        id="runs-leave",
        keys=("q", "ctrl+q"),
        shown="q",
        label="leave",
        group="Run",
        footer=0,
        help="Leave the browser; whatever trains goes on.",
        run=lambda shelf: shelf.leave(),
    ),
    BrowserAction(
        id="runs-open",
        keys=("enter",),
        shown="Enter",
        label="open",
        group="Run",
        footer=1,
        help="Open the dashboard: attach to a run that is trained, look at the record of one that has ended.",
        run=lambda shelf: shelf.errands.open(),
    ),
    BrowserAction(
        id="runs-new",
        keys=("n",),
        shown="n",
        label="new",
        group="Run",
        footer=2,
        help="Begin a new run: choose a preset, give it a name, settings and the folder of its images if need be.",
        run=lambda shelf: shelf.errands.ask_new(),
    ),
    BrowserAction(
        id="runs-resume",
        keys=("r",),
        shown="r",
        label="resume",
        group="Run",
        footer=3,
        help="Choose a checkpoint, see what resuming from it would mean, and go on; from an older one in a branch.",
        run=lambda shelf: shelf.errands.resume(),
    ),
    BrowserAction(
        id="runs-branch",
        keys=("b",),
        shown="b",
        label="branch",
        group="Run",
        footer=4,
        help="Go on in a new run, with other settings if any are typed; the run itself may be training.",
        run=lambda shelf: shelf.errands.branch(),
    ),
    BrowserAction(
        id="runs-compare",
        keys=("c",),
        shown="c",
        label="compare",
        group="Run",
        footer=5,
        help="Mark a run, then another: its dashboard with the other's curves behind. On the marked one: take it back.",
        run=lambda shelf: shelf.compare(),
    ),
    BrowserAction(
        id="runs-star",
        keys=("asterisk",),
        shown="*",
        label="star",
        group="Run",
        footer=8,
        help="Put a star on a run, which is then not deleted, or take it away.",
        run=lambda shelf: shelf.errands.star(),
    ),
    BrowserAction(
        id="runs-note",
        keys=("m",),
        shown="m",
        label="note",
        group="Run",
        footer=9,
        help="Write down what a run was for, or what came of it; / finds it.",
        run=lambda shelf: shelf.errands.ask_note(),
    ),
    BrowserAction(
        id="runs-delete",
        keys=("d",),
        shown="d",
        label="delete",
        group="Run",
        footer=10,
        help="Delete a run; says how large it is and what hangs on it, and asks.",
        run=lambda shelf: shelf.errands.ask_delete(),
    ),
    BrowserAction(
        id="runs-sort",
        keys=("s",),
        shown="s",
        label="sort",
        group="List",
        footer=6,
        help="Order by age, by activity, by state, by name, by steps. A family stands where its first member would.",
        run=lambda shelf: shelf.sort(),
    ),
    BrowserAction(
        id="runs-filter",
        keys=("slash",),
        shown="/",
        label="filter",
        group="List",
        footer=7,
        help="Type words that a run is to have in its name, system, preset, state, device or note; live, starred.",
        run=lambda shelf: shelf.ask_filter(),
    ),
    BrowserAction(
        id="runs-drop",
        keys=("escape",),
        shown="Esc",
        label="drop",
        group="List",
        help="Forget the mark of a comparison; without one, the filter.",
        run=lambda shelf: shelf.drop(),
    ),
    BrowserAction(
        id="runs-up",
        keys=("up", "k"),
        shown="↑ k",
        label="run above",
        group="List",
        help="Go to the run above.",
        run=lambda shelf: shelf.table.move(-1),
    ),
    BrowserAction(
        id="runs-down",
        keys=("down", "j"),
        shown="↓ j",
        label="run below",
        group="List",
        help="Go to the run below.",
        run=lambda shelf: shelf.table.move(+1),
    ),
    BrowserAction(
        id="runs-page-up",
        keys=("pageup",),
        shown="PgUp",
        label="page up",
        group="List",
        help="Go up by as many runs as are seen.",
        run=lambda shelf: shelf.table.move(-shelf.table.page),
    ),
    BrowserAction(
        id="runs-page-down",
        keys=("pagedown",),
        shown="PgDn",
        label="page down",
        group="List",
        help="Go down by as many runs as are seen.",
        run=lambda shelf: shelf.table.move(+shelf.table.page),
    ),
    BrowserAction(
        id="runs-first",
        keys=("home",),
        shown="Home",
        label="first run",
        group="List",
        help="Go to the first run.",
        run=lambda shelf: shelf.table.go_to(0),
    ),
    BrowserAction(
        id="runs-last",
        keys=("end",),
        shown="End",
        label="last run",
        group="List",
        help="Go to the last run.",
        run=lambda shelf: shelf.table.go_to(shelf.table.place[1] - 1),
    ),
    BrowserAction(
        id="runs-details",
        keys=("tab", "shift+tab"),
        shown="Tab",
        label="details",
        group="Display",
        help="Go to the details, where ↑ and ↓ scroll, and back to the list.",
        run=lambda shelf: shelf.go_on(),
    ),
    BrowserAction(
        id="runs-theme",
        keys=("t",),
        shown="t",
        label="theme",
        group="Display",
        help="Show the next theme: dark, light, two for the colour-blind, one without colours.",
        run=lambda shelf: shelf.next_theme(),
    ),
    BrowserAction(
        id="runs-palette",
        keys=("colon", "ctrl+p"),
        shown=": Ctrl+P",
        label="palette",
        group="Display",
        help="Search everything that can be done here.",
        run=lambda shelf: shelf.errands.show_palette(),
    ),
    BrowserAction(
        id="runs-interrupt",
        keys=("ctrl+c",),
        shown="Ctrl+C",
        label="interrupt",
        group="Display",
        help="Does nothing to any run: says which key leaves.",
        run=lambda shelf: shelf.explain_interrupt(),
    ),
    BrowserAction(
        id="runs-help",
        keys=("question_mark", "f1"),
        shown="?",
        label="help",
        group="Display",
        footer=99,
        help="List every key.",
        run=lambda shelf: shelf.errands.show_help(),
    ),
)
