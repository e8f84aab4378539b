"""gan-tui attach: look at a run, live or ended."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_tui.cli.options import OptionalRun, RunsFolder


def attach(
    run: OptionalRun = None,
    runs_dir: RunsFolder = None,
    readonly: Annotated[bool, typer.Option("--readonly", help="Watch without steering.")] = False,
) -> None:
    """Open the dashboard on a run; without RUN, on the most recent live one."""
    from gan_tui.cli.show import require_terminal, show_dashboard
    from gan_tui.client.locate import find_run, most_recent_live, runs_folder

    require_terminal("attach", "Use `gan-tui ctl RUN status` in scripts.")
    folder = runs_folder(runs_dir)
    show_dashboard(most_recent_live(folder) if run is None else find_run(run, folder), readonly=readonly)
