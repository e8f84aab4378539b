"""gan-tui attach: look at a run, live or ended, on this machine or another."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_tui.cli.appearance_options import opens_a_screen
from gan_tui.cli.options import ReachableRun, RunsFolder
from gan_tui.state.appearance import Appearance


@opens_a_screen
def attach(
    run: ReachableRun = None,
    runs_dir: RunsFolder = None,
    readonly: Annotated[bool, typer.Option("--readonly", help="Watch without steering.")] = False,
    *,
    appearance: Appearance,
) -> None:
    """Open the dashboard on a run; without RUN, on the most recent live one."""
    from engine.protocol.rundir import read_identity
    from gan_tui.cli.show import require_terminal, show_dashboard, show_distant_run
    from gan_tui.client.locate import find_run, most_recent_live, runs_folder
    from gan_tui.client.remote import access_beside, access_file

    require_terminal("attach", "Use `gan-tui ctl RUN status` in scripts.")
    folder = runs_folder(runs_dir)
    if run is not None and (carried := access_file(run)):
        show_distant_run(carried, appearance, again=run, readonly=readonly)
        return
    found = most_recent_live(folder) if run is None else find_run(run, folder)
    if beside := access_beside(found, read_identity(found)):
        show_distant_run(beside, appearance, again=found.name, readonly=readonly)
    else:
        show_dashboard(found, appearance, readonly=readonly)
