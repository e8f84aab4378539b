"""The runs of a folder as a list: what is said of each, which are asked for, in which order, below which parents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias, assert_never

import msgspec

from engine.protocol.measured import FiguresSoFar
from engine.protocol.rundir import LIVE_STATES

RowState: TypeAlias = Literal[
    "starting", "training", "paused", "stopping", "stopped", "finished", "failed", "lost", "elsewhere", "damaged"
]
Sort: TypeAlias = Literal["newest", "active", "state", "name", "steps"]

SORTS: dict[Sort, str] = {
    "newest": "newest first",
    "active": "last active first",
    "state": "live first, then failed",
    "name": "by name",
    "steps": "most steps first",
}
"""Each order, in the words of the list's title."""

_URGENCY: dict[RowState, int] = {
    "training": 0, "paused": 0, "stopping": 0, "starting": 0, "elsewhere": 1, "failed": 2, "lost": 2, "damaged": 2,
    "stopped": 3, "finished": 4,
}  # fmt: skip


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a run; text is as the record has it, not yet made printable."""

    id: str
    name: str
    path: str
    method: str
    preset: str
    state: RowState
    reason: str
    """Why it failed, or why it cannot be read."""
    step: int
    total_steps: int | None = None
    """Steps that it is to have; None where no engine has said so yet."""
    epoch: int
    created: float
    active: float = 0.0
    """When something was recorded last, in Unix seconds; 0 where nothing was."""
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
    evaluated: FiguresSoFar | None = None
    """The newest figures and the best; None where nothing was measured."""
    starred: bool = False
    note: str = ""

    @property
    def is_live(self) -> bool:
        """Whether an engine is at work on it, on this machine or, by its word, on another."""
        return self.state in LIVE_STATES


class Branch(NamedTuple):
    """A run in the tree, with the lines of the tree that lead to it."""

    lead: str
    row: RunRow


@dataclass(frozen=True, kw_only=True)
class RunsChoice:
    """What the user has chosen to see."""

    sort: Sort = "newest"
    typed: str = ""
    """Words that a run is to have, each of them."""
    marked: str = ""
    """Path of the run that another one is to be compared with; empty for none."""

    def sorted_otherwise(self) -> RunsChoice:
        """The next order."""
        orders = list(SORTS)
        return replace(self, sort=orders[(orders.index(self.sort) + 1) % len(orders)])


def arranged(rows: Sequence[RunRow], choice: RunsChoice) -> list[Branch]:
    """The runs that are asked for, as a tree in the order that is asked for."""
    return as_tree(matching(rows, choice.typed), choice.sort)


def matching(rows: Iterable[RunRow], typed: str) -> list[RunRow]:
    """The runs in whose name, system, preset, state, device, note or parent's name each typed word is; upper and lower
    case are the same. "starred" and "live" are words of those that are."""
    words = typed.casefold().split()
    return [row for row in rows if all(word in _searchable(row) for word in words)]


def _searchable(row: RunRow) -> str:
    told = (row.name, row.method, row.preset, row.state, row.device, row.note, row.parent or "", row.replays or "")
    marks = ("starred" if row.starred else "", "live" if row.is_live else "")
    return "\n".join((*told, *marks)).casefold()


def as_tree(rows: Iterable[RunRow], sort: Sort) -> list[Branch]:
    """Each run once, below its parent; a family stands where the first of its members would.

    A branch whose parent is not among the runs is a root, and so is one that descends from itself.
    """
    ordered = sorted(rows, key=lambda row: _rank(row, sort))
    parents = _parents(ordered)
    children: dict[str, list[RunRow]] = {}
    roots: list[RunRow] = []
    for row in _families_first(ordered, parents):
        parent = parents.get(row.path)
        if parent is None:
            roots.append(row)
        else:
            children.setdefault(parent.path, []).append(row)
    return list(_walk([*roots, *ordered], children))


def _rank(row: RunRow, sort: Sort) -> tuple[float | str, ...]:
    """By which runs are put in order, lowest first; of equals the newer comes first."""
    match sort:
        case "newest":
            return (-row.created, row.name)
        case "active":
            return (not row.is_live, -max(row.active, row.created), row.name)
        case "state":
            return (_URGENCY[row.state], -max(row.active, row.created), row.name)
        case "name":
            return (row.name.casefold(), row.name)
        case "steps":
            return (-row.step, -row.created, row.name)
        case _:
            assert_never(sort)


def _parents(rows: Sequence[RunRow]) -> dict[str, RunRow]:
    """By path, each run's parent where that is listed; by its id, and by its place where the id is not known."""
    known = {row.path: row for row in rows} | {row.id: row for row in rows if row.id}
    named = ((row.path, known.get(row.parent_id or row.parent_path or "")) for row in rows)
    return {path: parent for path, parent in named if parent is not None}


def _families_first(ordered: Sequence[RunRow], parents: dict[str, RunRow]) -> Iterator[RunRow]:
    """The runs by the first of their descendants in the order, or by themselves."""
    seen: set[str] = set()
    for row in ordered:
        line: RunRow | None = row
        while line is not None and line.path not in seen:
            seen.add(line.path)
            yield line
            line = parents.get(line.path)


def _walk(roots: Sequence[RunRow], children: dict[str, list[RunRow]]) -> Iterator[Branch]:
    """Each run and then its family; without recursion, as lineages may be longer than Python's stack."""
    shown: set[str] = set()
    waiting = [(row, "", "") for row in reversed(roots)]
    while waiting:
        row, lead, indent = waiting.pop()
        if row.path in shown:
            continue
        shown.add(row.path)
        yield Branch(lead, row)
        family = children.get(row.path, [])
        for place, child in reversed(list(enumerate(family, start=1))):
            last = place == len(family)
            waiting.append((child, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  ")))


def descendants(row: RunRow, rows: Iterable[RunRow]) -> list[RunRow]:
    """The runs that grew from a run itself, and those that replay it."""
    return [
        each
        for each in rows
        if each.path != row.path and (_grew_from(each, row) or (each.replays is not None and each.replays == row.name))
    ]


def _grew_from(each: RunRow, row: RunRow) -> bool:
    return each.parent_id == row.id if each.parent_id and row.id else each.parent_path == row.path


def origin_of(row: RunRow, *, below_parent: bool) -> str:
    """Where a run begins, or what it repeats; a parent that stands above it is not named again."""
    if row.replays is not None:
        return f"replays {row.replays}"
    if row.parent_step is None:
        return row.preset
    return f"{'' if below_parent else f'{row.parent} '}@ {row.parent_step:,}"
