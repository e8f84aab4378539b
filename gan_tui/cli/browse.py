"""The runs browser as commands open it: from it to dashboards and back, until the user leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from engine.protocol.rundir import RunDirectory
    from gan_tui.departures import GoOn, RunsDeparture
    from gan_tui.state.appearance import Appearance
    from gan_tui.widgets.footer import Tone


def browse(folder: Path, appearance: Appearance, *, begin_at: RunDirectory | None = None) -> None:
    """Show the runs of a folder; whatever dashboard is opened from there comes back there.

    Args:
        folder: of runs.
        appearance: what the user wishes to see.
        begin_at: the run that the cursor is to be on at first.
    """
    from engine.errors import GanTuiError
    from gan_tui.client.deletion import empty_trash
    from gan_tui.client.run_watch import RunsWatch
    from gan_tui.departures import Begin
    from gan_tui.runs_app import run_browser

    empty_trash(folder)  # what a deletion left that was killed
    at = "" if begin_at is None else str(begin_at.root)
    remark: tuple[str, Tone] | None = None
    while (departure := run_browser(RunsWatch(folder), appearance, begin_at=at, remark=remark)) is not None:
        if not isinstance(departure, Begin):
            at = str(departure.run.root)
        try:
            run, told = _follow(departure, appearance)
            at, remark = str(run.root), (told, "plain")
        except GanTuiError as error:
            remark = (error.one_line(), "bad")


def _follow(departure: RunsDeparture, appearance: Appearance) -> tuple[RunDirectory, str]:
    """Go where the user wants; returns the run that was looked at last, and what there is to say of it."""
    from gan_tui.cli.show import in_words, watch
    from gan_tui.client.launch import start_engine
    from gan_tui.client.new_run import make_new_run
    from gan_tui.departures import Begin, GoOn, LookAt

    match departure:
        case Begin(new=new):
            run = make_new_run(new)
            run, left, _ = watch(run, appearance, readonly=False, engine=start_engine(run))
        case GoOn(request=request):
            run = _made_ready(departure)
            run, left, _ = watch(run, appearance, readonly=False, engine=start_engine(run, request.gpus))
        case LookAt(run=run, behind=behind):
            if distant := _watch_distant(run, appearance):
                return run, distant
            run, left, _ = watch(run, appearance, readonly=False, behind=behind)
        case _:
            assert_never(departure)
    return run, in_words(run, left)


def _watch_distant(run: RunDirectory, appearance: Appearance) -> str:
    """The same for a run whose engine is on another machine and is reached there; empty where it is none."""
    from engine.protocol.rundir import read_identity
    from gan_tui.cli.show import watch_distant_run
    from gan_tui.client.remote import access_beside

    access = access_beside(run, read_identity(run))
    if access is None:
        return ""
    return watch_distant_run(access, appearance, again=run.name, readonly=False)[0]


def _made_ready(departure: GoOn) -> RunDirectory:
    from engine.protocol.choice import LATEST
    from engine.protocol.rundir import engine_is_alive
    from gan_tui.cli.resume import make_ready
    from gan_tui.client.ending import let_leave
    from gan_tui.client.preflight import preflight

    source, request = departure.run, departure.request
    if not request.wants_branch:
        let_leave(source)
    again = departure.checkpoint == LATEST and engine_is_alive(source)
    return make_ready(lambda: preflight(source, departure.checkpoint, request), again=again)[0]
