"""gan-tui compare: two runs' curves in one plot, or their losses side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gan_tui.cli import completion
from gan_tui.cli.appearance_options import opens_a_screen
from gan_tui.cli.options import AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import put, put_json, say
from gan_tui.cli.surface import on_terminal
from gan_tui.state.appearance import Appearance
from gan_tui.state.axes import reading

if TYPE_CHECKING:
    from gan_tui.client.comparison import Comparison


@opens_a_screen
def compare(
    run: RunArgument,
    other: Annotated[
        str, typer.Argument(metavar="RUN2", help="The run that it is compared with.", autocompletion=completion.runs)
    ],
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
    table: Annotated[bool, typer.Option("--table", help="Print the table on a terminal too.")] = False,
    *,
    appearance: Appearance,
) -> None:
    """Show two runs' curves in one plot, or their losses in a table.

    On a terminal the dashboard opens on RUN with RUN2's curves behind. With --table, --json or without a terminal both
    runs' losses are printed, a line each, parted by tabs: means over the newest tenth of the steps that both runs have.

    Examples:
        gan-tui compare horse2zebra warmer
        gan-tui compare horse2zebra warmer --table
        gan-tui compare horse2zebra warmer --json

    Exit status:
        0  done
        1  a record cannot be read
        2  there is no such run, or both are the same

    See also:
        gan-tui plot (--behind), gan-tui replay, gan-tui resume (--branch)
    """
    from engine.errors import RequestError
    from gan_tui.cli.show import show_dashboard
    from gan_tui.client.comparison import compared
    from gan_tui.client.locate import find_run, runs_folder

    folder = runs_folder(runs_dir)
    first, second = find_run(run, folder), find_run(other, folder)
    if first.root.resolve() == second.root.resolve():
        raise RequestError(f"run {first.name}", "is to be compared with itself", "Name another one.")
    if as_json:
        put_json(compared(first, second))
    elif table or not on_terminal():
        _print(compared(first, second))
    else:
        show_dashboard(first, appearance, readonly=False, behind=second)


def _print(found: Comparison) -> None:
    say(f"Means of steps {found.from_step:,} to {found.to_step:,}")
    put("loss", found.first, found.second)
    for pair in found.losses:
        put(pair.name, *("–" if value is None else reading(value) for value in (pair.first, pair.second)))
