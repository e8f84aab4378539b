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
    readonly: Annotated[bool, typer.Option("--readonly", help="Watch; take no key that would steer the run.")] = False,
    *,
    appearance: Appearance,
) -> None:
    """Open the dashboard on a run, live or ended.

    Without RUN it is the live run that was started last. Any number of dashboards can look at a run; one of them holds
    control at a time, and T takes it over. A dashboard can be closed, killed or cut off at any moment: the run goes on.

    An access file, as gan-tui access writes it, opens a run of another machine.

    Examples:
        gan-tui attach
        gan-tui attach horse2zebra
        gan-tui attach horse2zebra --readonly
        gan-tui attach laptop.access
        gan-tui attach horse2zebra --images off --no-mouse     # a slow link

    Exit status:
        0  the dashboard was left
        2  there is no such run, or no terminal

    See also:
        gan-tui keys, gan-tui runs, gan-tui ctl, gan-tui log
    """
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
