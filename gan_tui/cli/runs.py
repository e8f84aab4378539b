"""gan-tui runs: every run in the folder and how it stands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gan_tui.cli.appearance_options import opens_a_screen
from gan_tui.cli.options import AsJson, RunsFolder
from gan_tui.cli.output import age_of, put, put_json, say
from gan_tui.cli.surface import on_terminal
from gan_tui.state.appearance import Appearance
from gan_tui.state.plain_text import printable

if TYPE_CHECKING:
    from gan_tui.state.run_list import RunRow

_STYLES = {
    "training": "green",
    "paused": "yellow",
    "starting": "cyan",
    "failed": "red",
    "lost": "red",
    "elsewhere": "yellow",
    "damaged": "red",
}


@opens_a_screen
def runs(
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print the list on a terminal too.")] = False,
    *,
    appearance: Appearance,
) -> None:
    """Browse all runs: open, resume, branch, compare, delete.

    On a terminal a browser opens: a tree of runs and their branches, with state, progress, losses and newest samples.
    In it n starts a run; ? lists every key. With --plain the tree is printed.

    Without a terminal there is a line for each run, newest first, its fields parted by tabs: name, state, method, step,
    epoch, device, path.

    Examples:
        gan-tui runs
        gan-tui runs --plain
        gan-tui runs --json --runs-dir /scratch/runs
        gan-tui runs | cut -f 1,2

    Exit status:
        0  done, also where there is no run yet
        2  the folder is not there

    See also:
        gan-tui attach, gan-tui resume, gan-tui compare, gan-tui delete
    """
    from engine.errors import RequestError
    from gan_tui.client.locate import runs_folder
    from gan_tui.client.run_rows import read_rows

    folder = runs_folder(runs_dir)
    if runs_dir is not None and not folder.exists():
        raise RequestError(str(folder), "does not exist", "Name a folder of runs, or leave --runs-dir out.")
    if not (as_json or plain) and on_terminal():
        from gan_tui.cli.browse import browse

        browse(folder, appearance)
        return
    rows = read_rows(folder)
    if as_json:
        put_json(rows)
    elif not rows:
        say(f"No run in {folder} yet: gan-tui train PRESET")
    elif sys.stdout.isatty():
        _show_tree(rows)
    else:
        for row in rows:
            put(row.name, row.state, row.method, str(row.step), str(row.epoch), row.device, row.path)
    for row in () if as_json else rows:
        if row.state == "damaged":
            say(row.reason)


def _show_tree(rows: list[RunRow]) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gan_tui.state.run_list import as_tree, origin_of
    from gan_tui.widgets.columns import cut_middle

    lines = [
        (lead, row, _standing(row), printable(origin_of(row, below_parent=bool(lead))))
        for lead, row in as_tree(rows, "newest")
    ]
    console = Console()
    headings = ("state", "method", "step", "epoch", "created", "device")
    fixed = sum(
        max(map(cell_len, column)) + 2 for column in zip(headings, *(cells for _, _, cells, _ in lines), strict=True)
    )
    room = console.width - fixed - 2
    names = max(len(lead) + cell_len(printable(row.name)) + 2 * row.starred for lead, row, _, _ in lines)
    origins = min(max(cell_len(origin) for *_, origin in lines), max(room // 3, room - names))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("run", *headings, "from"):
        table.add_column(heading, justify="right" if heading in ("step", "epoch") else "left", no_wrap=True)
    for lead, row, (state, *others), origin in lines:
        name = cut_middle(printable(row.name), room - origins - len(lead) - 2 * row.starred)
        table.add_row(
            Text.assemble(lead, (name, "bold"), " ★" if row.starred else ""),
            Text(state, style=_STYLES.get(state, "")),
            *map(Text, others),
            Text(cut_middle(origin, origins)),
        )
    console.print(table)


def _standing(row: RunRow) -> tuple[str, ...]:
    """What the tree says between a run's name and its origin."""
    created = f"{age_of(row.created)} ago" if row.created else ""
    return row.state, printable(row.method), f"{row.step:,}", str(row.epoch), created, printable(row.device)
