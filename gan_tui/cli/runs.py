"""gan-tui runs: every run in the folder and how it stands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gan_tui.cli.options import AsJson, RunsFolder
from gan_tui.cli.output import age, put, put_json, say
from gan_tui.state.plain_text import printable

if TYPE_CHECKING:
    from engine.errors import GanTuiError
    from engine.protocol.rundir import Identity, RunDirectory

_STYLES = {
    "training": "green",
    "paused": "yellow",
    "starting": "cyan",
    "failed": "red",
    "lost": "red",
    "elsewhere": "yellow",
    "damaged": "red",
}


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
    replays: str | None
    """The run whose course this one repeats."""
    losses: dict[str, float | None]


def runs(runs_dir: RunsFolder = None, as_json: AsJson = False) -> None:
    """List the runs, newest first: state, step, epoch, age, device, origin; on a terminal as a tree of branches."""
    from engine.errors import RequestError
    from gan_tui.client.locate import list_damaged, list_runs, runs_folder
    from gan_tui.client.remote import standings_of

    folder = runs_folder(runs_dir)
    if runs_dir is not None and not folder.exists():
        raise RequestError(str(folder), "does not exist", "Name a folder of runs, or leave --runs-dir out.")
    damaged = [_damaged_row(run, why) for run, why in list_damaged(folder)]
    readable = list_runs(folder)
    standings = standings_of(readable)
    rows = [_row(run, identity, state) for (run, identity), state in zip(readable, standings, strict=True)] + damaged
    if as_json:
        put_json(rows)
    elif not rows:
        say(f"No run in {folder} yet: gan-tui train PRESET")
    elif sys.stdout.isatty():
        _show_tree(rows)
    else:
        for row in rows:
            put(row.name, row.state, row.method, str(row.step), str(row.epoch), row.device, row.path)
    for row in () if as_json else damaged:
        say(row.reason)


def _row(run: RunDirectory, identity: Identity, state: str) -> RunRow:
    from engine.protocol.checkpoints import list_checkpoints
    from engine.protocol.course import recorded_step
    from engine.protocol.record import last_metrics

    newest = last_metrics(run)
    parent, original = identity.parent, identity.replays
    return RunRow(
        id=identity.id,
        name=run.name,
        path=str(run.root),
        method=identity.method,
        preset=identity.preset,
        state=state,
        reason=identity.reason,
        step=recorded_step(run),
        epoch=max(newest.epoch if newest else 1, *(item.epoch for _, item in list_checkpoints(run)), 1),
        created=identity.created,
        device=identity.device,
        parent=Path(parent.run).name if parent else None,
        parent_id=(parent.id or None) if parent else None,
        parent_path=parent.run if parent else None,
        parent_step=parent.step if parent else None,
        replays=Path(original.run).name if original else None,
        losses=newest.losses if newest else {},
    )


def _damaged_row(run: RunDirectory, why: GanTuiError) -> RunRow:
    """What the record still says of a run that does not say itself what it is."""
    from engine.protocol.rundir import Identity

    unknown = Identity(id="", name=run.name, method="", preset="", created=0.0)
    return msgspec.structs.replace(_row(run, unknown, "damaged"), reason=why.one_line())


def _as_tree(rows: list[RunRow]) -> Iterator[tuple[str, RunRow]]:
    """Each row with the branches of the tree that lead to it, below its parent; of equal depth newest first.

    A branch whose parent is not among the rows is a root, and so is one that descends from itself.
    """
    known = {row.id or row.path: row.path for row in rows} | {row.path: row.path for row in rows}
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
        family = children.get(row.path, [])
        for place, child in enumerate(family, start=1):
            last = place == len(family)
            yield from below(child, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  "))

    for row in (*roots, *rows):
        yield from below(row, "", "")


def _show_tree(rows: list[RunRow]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = [
        (lead, row, _standing(row), printable(_origin(row, below_parent=bool(lead)))) for lead, row in _as_tree(rows)
    ]
    console = Console()
    headings = ("state", "method", "step", "epoch", "created", "device")
    fixed = sum(
        max(map(len, column)) + 2 for column in zip(headings, *(cells for _, _, cells, _ in lines), strict=True)
    )
    room = console.width - fixed - 2
    names = max(len(lead) + len(row.name) for lead, row, _, _ in lines)
    origins = min(max(len(origin) for *_, origin in lines), max(room // 3, room - names))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("run", *headings, "from"):
        table.add_column(heading, justify="right" if heading in ("step", "epoch") else "left", no_wrap=True)
    for lead, row, (state, *others), origin in lines:
        name = _shortened(printable(row.name), room - origins - len(lead))
        table.add_row(
            Text.assemble(lead, (name, "bold")),
            Text(state, style=_STYLES.get(state, "")),
            *map(Text, others),
            Text(_shortened(origin, origins)),
        )
    console.print(table)


def _standing(row: RunRow) -> tuple[str, ...]:
    """What the tree says between a run's name and its origin."""
    created = f"{age(row.created)} ago" if row.created else ""
    return row.state, printable(row.method), f"{row.step:,}", str(row.epoch), created, printable(row.device)


def _origin(row: RunRow, *, below_parent: bool) -> str:
    """Where a run begins, or what it repeats; a parent that stands above it is not named again."""
    if row.replays is not None:
        return f"replays {row.replays}"
    if row.parent_step is None:
        return row.preset
    return f"{'' if below_parent else f'{row.parent} '}@ {row.parent_step:,}"


def _shortened(name: str, width: int) -> str:
    """A name in at most so many columns; what tells it from its like stands at either end."""
    if len(name) <= width:
        return name
    tail = max(1, width // 2)
    return f"{name[: max(1, width - tail - 1)]}…{name[-tail:]}"
