"""gan-tui runs: every run in the folder and how it stands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from gan_tui.cli.options import AsJson, RunsFolder
from gan_tui.cli.output import age, put, put_json, say
from gan_tui.state.plain_text import printable

if TYPE_CHECKING:
    from engine.protocol.rundir import Identity, RunDirectory


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a run."""

    id: str
    name: str
    path: str
    method: str
    preset: str
    state: str
    reason: str
    step: int
    epoch: int
    created: float
    device: str
    parent: str | None
    parent_id: str | None
    """None for a root, and for a branch that was made when branches did not name it."""
    parent_path: str | None
    """Where the parent lay when the branch was made."""
    parent_step: int | None
    losses: dict[str, float | None]


def runs(runs_dir: RunsFolder = None, as_json: AsJson = False) -> None:
    """List the runs, newest first: state, step, epoch, age, device, origin; on a terminal as a tree of branches."""
    from gan_tui.client.locate import list_runs, runs_folder

    folder = runs_folder(runs_dir)
    rows = [_row(run, identity) for run, identity in list_runs(folder)]
    if as_json:
        put_json(rows)
    elif not rows:
        say(f"No run in {folder} yet: gan-tui train PRESET")
    elif sys.stdout.isatty():
        _show_tree(rows)
    else:
        for row in rows:
            put(row.name, row.state, row.method, str(row.step), str(row.epoch), row.device, row.path)


def _row(run: RunDirectory, identity: Identity) -> RunRow:
    from engine.protocol.checkpoints import list_checkpoints
    from engine.protocol.record import last_event, last_metrics
    from engine.protocol.rundir import viewed_state

    newest, happened = last_metrics(run), last_event(run.events)
    parent = identity.parent
    return RunRow(
        id=identity.id,
        name=run.name,
        path=str(run.root),
        method=identity.method,
        preset=identity.preset,
        state=viewed_state(run, identity),
        reason=identity.reason,
        step=max((event.step for event in (newest, happened) if event), default=0),
        epoch=max(newest.epoch if newest else 1, *(item.epoch for _, item in list_checkpoints(run)), 1),
        created=identity.created,
        device=identity.device,
        parent=parent.run.rsplit("/", 1)[-1] if parent else None,
        parent_id=(parent.id or None) if parent else None,
        parent_path=parent.run if parent else None,
        parent_step=parent.step if parent else None,
        losses=newest.losses if newest else {},
    )


def _as_tree(rows: list[RunRow]) -> Iterator[tuple[str, RunRow]]:
    """Each row with the branches of the tree that lead to it, below its parent; of equal depth newest first.

    A branch whose parent is not among the rows is a root, and so is one that descends from itself.
    """
    known = {row.id: row.id for row in rows} | {row.path: row.id for row in rows}
    children: dict[str, list[RunRow]] = {}
    roots = []
    for row in rows:
        parent = known.get(row.parent_id or row.parent_path or "")
        if parent is None:
            roots.append(row)
        else:
            children.setdefault(parent, []).append(row)
    shown: set[str] = set()

    def below(row: RunRow, lead: str, indent: str) -> Iterator[tuple[str, RunRow]]:
        if row.path in shown:
            return
        shown.add(row.path)
        yield lead, row
        family = children.get(row.id, [])
        for place, child in enumerate(family, start=1):
            last = place == len(family)
            yield from below(child, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  "))

    for row in (*roots, *rows):
        yield from below(row, "", "")


def _show_tree(rows: list[RunRow]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    styles = {"training": "green", "paused": "yellow", "failed": "red", "lost": "red", "starting": "cyan"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("run", "state", "method", "step", "epoch", "created", "device", "from"):
        table.add_column(heading, justify="right" if heading in ("step", "epoch") else "left")
    for lead, row in _as_tree(rows):
        above = "" if lead else f"{row.parent} "
        origin = row.preset if row.parent_step is None else f"{above}@ {row.parent_step:,}"
        table.add_row(
            Text.assemble(lead, (printable(row.name), "bold")),
            Text(row.state, style=styles.get(row.state, "")),
            Text(printable(row.method)),
            f"{row.step:,}",
            str(row.epoch),
            f"{age(row.created)} ago",
            Text(printable(row.device)),
            Text(printable(origin)),
        )
    Console().print(table)
