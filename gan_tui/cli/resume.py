"""gan-tui resume: go on from a checkpoint, in the same run or in a branch of it, after a look at what would happen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gan_tui.cli import completion
from gan_tui.cli.appearance_options import opens_a_screen
from gan_tui.cli.options import CHECKPOINT, Detach, Gpus, Headless, OptionalRun, Settings
from gan_tui.cli.output import age_of, put, put_json, say
from gan_tui.cli.surface import on_terminal, only_drawing_is_redirected
from gan_tui.state.appearance import Appearance

if TYPE_CHECKING:
    from engine.protocol.rundir import RunDirectory
    from gan_tui.client.branch import ResumePlan, ResumeRequest
    from gan_tui.client.preflight import Preflight


@opens_a_screen
def resume(
    run: OptionalRun = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            metavar=CHECKPOINT,
            help="Where to go on from; best: by the run's checkpoint.best_by; best:FIGURE: by what eval has measured.",
            show_default=False,
            autocompletion=completion.checkpoints,
        ),
    ] = None,
    branch: Annotated[
        bool, typer.Option("--branch", help="Go on in a new run, RUN-from-STEP, also from the newest checkpoint.")
    ] = False,
    settings: Settings = None,
    steps: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Stop after N steps in all; 0: after all epochs. Makes a branch [default: as before].",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The branch's name [default: RUN-from-STEP].", show_default=False)
    ] = None,
    gpus: Gpus = None,
    runs_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of runs, and of a branch that is made.", show_default=False),
    ] = None,
    headless: Headless = False,
    detach: Detach = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be resumed and what is in the way; start nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON; start nothing.")] = False,
    *,
    appearance: Appearance,
) -> None:
    """Go on with a run from one of its checkpoints.

    From its newest checkpoint a run goes on in place. From an older one, or with other settings, a branch is made: a
    new run with its own copy of the checkpoint, whose parent is recorded. Nothing is ever overwritten. A branch can
    be made while the run itself is being trained.

    On a terminal the checkpoints are shown to choose from, with what a resume would do; --checkpoint chooses one and
    does not ask. Elsewhere, and where standard error is redirected, on which they are drawn, the newest is taken.

    Without RUN it is the run that was started last and is not being trained.

    Examples:
        gan-tui resume horse2zebra
        gan-tui resume horse2zebra --checkpoint latest --headless
        gan-tui resume horse2zebra --checkpoint 12000 --name warmer
        gan-tui resume horse2zebra --checkpoint best --set loss.cycle_a=5
        gan-tui resume horse2zebra --dry-run

    Exit status:
        0  the run ended well, or was left to itself
        1  the run failed, or the checkpoint is damaged
        2  the request was wrong, or something is in the way
        With --dry-run or --json nothing is started, and the status says
        what would happen: 0 it can be resumed, 1 the checkpoint is damaged,
        2 something else is in the way.

    See also:
        gan-tui checkpoints, gan-tui verify, gan-tui replay, gan-tui compare
    """
    from gan_tui.cli.show import require_one_way
    from gan_tui.client.branch import ResumeRequest
    from gan_tui.client.locate import find_run, runs_folder

    require_one_way(headless=headless, detach=detach)
    folder = runs_folder(runs_dir)
    source = _most_recent(folder) if run is None else find_run(run, folder)
    request = ResumeRequest(
        branch=branch,
        settings=(*(settings or ()), *(() if steps is None else (f"run.steps={steps}",))),
        name=name,
        folder=None if runs_dir is None else folder,
        gpus=gpus,
    )
    if dry_run or as_json:
        _inspect(source, checkpoint, request, as_json=as_json)
    else:
        _start(source, checkpoint, request, appearance, headless=headless, detach=detach)


def _inspect(source: RunDirectory, checkpoint: str | None, request: ResumeRequest, *, as_json: bool) -> None:
    """Print the preflight, of the newest checkpoint where none is named."""
    from engine.protocol.choice import LATEST
    from gan_tui.client.preflight import preflight
    from gan_tui.client.preflight_words import whole_text

    _, seen = preflight(source, checkpoint or LATEST, request, thorough=True)
    if as_json:
        put_json(seen)
    else:
        for line in whole_text(seen, _age(seen)):
            put(line)
    raise typer.Exit(seen.exit_status)


def _start(
    source: RunDirectory,
    checkpoint: str | None,
    request: ResumeRequest,
    appearance: Appearance,
    *,
    headless: bool,
    detach: bool,
) -> None:
    """Start the engine, after the picker on a terminal and after a summary elsewhere."""
    from engine.protocol.checkpoints import list_checkpoints
    from engine.protocol.choice import LATEST, is_relative
    from engine.protocol.rundir import engine_is_alive
    from gan_tui.cli.show import show_new_engine
    from gan_tui.client.ending import let_leave
    from gan_tui.client.obstacles import require_idle
    from gan_tui.client.preflight import preflight
    from gan_tui.client.preflight_words import summary

    let_leave(source)
    if checkpoint is None and not request.wants_branch:
        require_idle(source)
    may_pick = checkpoint is None and not (headless or detach) and bool(list_checkpoints(source))
    picks = may_pick and on_terminal()
    if may_pick and only_drawing_is_redirected():
        say("The picker draws on standard error, which is redirected: the newest checkpoint is taken, as by a script.")
    if picks:
        from gan_tui.picker import pick_checkpoint

        step = pick_checkpoint(source, request, appearance)
        if step is None:
            say("Nothing chosen; nothing started.")
            return
        checkpoint = str(step)
    chosen = checkpoint or LATEST
    again = is_relative(chosen) and engine_is_alive(source)
    run, seen = make_ready(lambda: preflight(source, chosen, request), again=again)
    told = summary(seen, _age(seen))
    for line in told[:1] if picks else told:  # the picker has shown the rest
        say(line)
    show_new_engine(run, appearance, headless=headless, detach=detach, gpus=request.gpus)


def make_ready(look: Callable[[], tuple[ResumePlan, Preflight]], *, again: bool) -> tuple[RunDirectory, Preflight]:
    """The run in which an engine goes on, made ready for it, and what was to be known of the resume.

    Args:
        look: chooses a checkpoint and looks ahead.
        again: whether to choose once more where that, or what follows, fails: an engine that is at work on the run may
            delete the chosen checkpoint before a branch has its copy.

    Raises:
        RequestError: the request is wrong; WorkError: the checkpoint is damaged, or the run cannot be written.
    """
    from engine.errors import GanTuiError
    from gan_tui.client.branch import begin
    from gan_tui.client.preflight import require_clear

    try:
        plan, seen = look()
        require_clear(seen)
        return begin(plan), seen
    except GanTuiError:
        if not again:
            raise
    return make_ready(look, again=False)


def _age(seen: Preflight) -> str:
    return age_of(seen.checkpoint.time) if seen.checkpoint else ""


def _most_recent(folder: Any) -> RunDirectory:
    from engine.errors import RequestError
    from engine.protocol.rundir import engine_is_alive
    from gan_tui.client.locate import list_runs

    for run, _ in list_runs(folder):
        if not engine_is_alive(run):
            return run
    raise RequestError(f"runs in {folder}", "hold none to resume", "Start one: gan-tui train PRESET")
