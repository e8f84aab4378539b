"""gan-tui resume: go on from a checkpoint, in the same run or in a branch of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gan_tui.cli.options import Detach, Headless, OptionalRun, RunsFolder, Settings
from gan_tui.cli.output import say

if TYPE_CHECKING:
    from engine.protocol.rundir import RunDirectory


def resume(
    run: OptionalRun = None,
    checkpoint: Annotated[
        str | None, typer.Option(metavar="STEP|latest", help="Where to go on from.", show_default=False)
    ] = None,
    branch: Annotated[
        bool, typer.Option("--branch", help="Go on in a new run, also from the newest checkpoint.")
    ] = False,
    settings: Settings = None,
    steps: Annotated[
        int | None, typer.Option(help="Stop after so many steps in all (branches).", show_default=False)
    ] = None,
    name: Annotated[str | None, typer.Option(help="The branch's name.", show_default=False)] = None,
    runs_dir: RunsFolder = None,
    headless: Headless = False,
    detach: Detach = False,
) -> None:
    """Take a run up again: in place from its newest checkpoint; from an older one or with new settings, in a branch."""
    from gan_tui.cli.show import show_new_engine
    from gan_tui.client.branch import run_to_resume
    from gan_tui.client.launch import require_idle
    from gan_tui.client.locate import find_run, runs_folder

    folder = runs_folder(runs_dir)
    source = _most_recent(folder) if run is None else find_run(run, folder)
    require_idle(source)
    chosen = checkpoint or _pick(source, interactive=not (headless or detach))
    if chosen is None:
        say("Nothing chosen; nothing started.")
        return
    flags = {} if steps is None else {"run.steps": steps}
    branch = branch or name is not None
    target = run_to_resume(source, chosen, branch=branch, settings=settings or [], flags=flags, name=name)
    show_new_engine(target, headless=headless, detach=detach)


def _most_recent(folder: Any) -> RunDirectory:
    from engine.errors import RequestError
    from engine.protocol.rundir import engine_is_alive
    from gan_tui.client.locate import list_runs

    for run, _ in list_runs(folder):
        if not engine_is_alive(run):
            return run
    raise RequestError(f"runs in {folder}", "hold none to resume", "Start one: gan-tui train PRESET")


def _pick(run: RunDirectory, *, interactive: bool) -> str | None:
    """The user's choice on a terminal; elsewhere the newest."""
    from engine.protocol.checkpoints import list_checkpoints

    found = list_checkpoints(run)
    if not found:
        say(f"{run.name} has no checkpoint of its own yet: it begins where it began before.")
        return "latest"
    if not (interactive and sys.stdin.isatty() and sys.stdout.isatty()):
        return "latest"
    from gan_tui.app import pick_checkpoint

    step = pick_checkpoint(run.name, [manifest for _, manifest in found])
    return None if step is None else str(step)
