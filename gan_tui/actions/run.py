"""What is done to a run, and leaving it."""

from __future__ import annotations

from gan_tui.actions.action import Action

RUN: tuple[Action, ...] = (
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
        run=lambda deck: deck.excursions.pick_checkpoint(),
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
)
