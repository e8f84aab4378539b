"""Keeps a list of a folder's runs up to date: a thread that reads again only what has changed on the disk."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from engine.errors import GanTuiError
from engine.protocol.measured import evaluations_of, figures_so_far
from engine.protocol.remarks import read_remarks
from engine.protocol.rundir import Identity, RunDirectory, read_identity, viewed_state
from gan_tui.client.remote import standing_of
from gan_tui.client.run_rows import damaged_row, row_of, with_record
from gan_tui.state.run_list import RowState, RunRow
from gan_tui.state.runs_feed import RunsView

LOOK_SECONDS = 2.0
"""Between two looks at the folder: a stat of three files for each run, and five for one that may be live."""
BATCH_SECONDS = 0.2
"""How often a long first reading shows what it has come to."""
ASK_SECONDS = 15.0
"""Between two questions to engines on other machines."""
CLOSE_SECONDS = 1.0

Stamp: TypeAlias = tuple[int, int, int]
"""Of a file: inode, bytes, time of its last change; another one means other content."""


@dataclass
class _Known:
    """A run as it was read last."""

    run: RunDirectory
    beside: tuple[str, str]
    """The paths of the user's remarks and of evaluations, which are looked for at each look."""
    identity: Identity | None
    """None where run.json cannot be read."""
    row: RunRow
    about: tuple[Stamp | None, ...]
    """Of run.json, the remarks and the evaluations, when they were read."""
    record: tuple[Stamp | None, ...] = ()
    """Of the record's files; empty before they were read."""
    settled: bool = False
    """Whether nothing is recorded any more: no engine is at work, and the record was found as it had been read."""


class RunsWatch:
    """Implements gan_tui.state.runs_feed.RunsFeed."""

    def __init__(self, folder: Path, *, every: float = LOOK_SECONDS) -> None:
        self._folder = folder
        self._every = every
        self._known: dict[str, _Known] = {}
        """By the folder's name."""
        self._there: dict[str, RowState] = {}
        """By run id: what engines on other machines have said."""
        self._asked = float("-inf")
        self._asking: threading.Thread | None = None
        self._view = RunsView(folder=str(folder))
        self._notify: Callable[[], None] = lambda: None
        self._shown = 0.0
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch the runs", daemon=True)

    def start(self, notify: Callable[[], None]) -> None:
        """See RunsFeed."""
        self._notify = notify
        self._thread.start()

    def snapshot(self) -> RunsView:
        """See RunsFeed."""
        return self._view

    def look(self) -> None:
        """See RunsFeed."""
        self._woken.set()

    def close(self) -> None:
        """See RunsFeed."""
        self._notify = lambda: None
        self._closing.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=CLOSE_SECONDS)

    # ---------------------------------------------------------------------------------------------- in the thread

    def _watch(self) -> None:
        while not self._closing.is_set():
            try:
                self.examine()
            except Exception as error:  # noqa: BLE001 - the worker's edge: whatever it was, the user is to see it
                self._show(problem=f"the runs cannot be followed ({type(error).__name__}: {error})")
            self._woken.wait(self._every)
            self._woken.clear()

    def examine(self) -> None:
        """Look at the folder once and bring the view up to date."""
        try:
            found = dict(self._runs_there())
        except FileNotFoundError:
            found = {}  # the first run makes it
        except OSError as error:
            self._show(problem=f"{self._folder} cannot be read ({error.strerror})")
            return
        self._known = {name: known for name, known in self._known.items() if name in found}
        for name, identity in sorted(found.items()):
            self._identify(name, identity)
        self._show(self._view.problem)  # which is over once the look has come to its end
        for known in self._newest_first():
            if self._closing.is_set():
                return
            self._follow(known)
            if time.monotonic() - self._shown > BATCH_SECONDS:
                self._show(self._view.problem)
        self._show()
        self._ask_elsewhere()

    def _runs_there(self) -> Iterator[tuple[str, Stamp]]:
        """The name of each run's folder, and the stamp of its run.json."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and (stamp := _stamp(f"{entry.path}/run.json")) is not None:
                    yield entry.name, stamp

    def _newest_first(self) -> list[_Known]:
        return sorted(self._known.values(), key=lambda known: known.row.created, reverse=True)

    def _identify(self, name: str, identity: Stamp) -> None:
        """Read who a run is, if that has changed, and see how it stands."""
        known = self._known.get(name)
        run = RunDirectory(self._folder / name) if known is None else known.run
        about = (identity, *map(_stamp, _beside(run) if known is None else known.beside))
        if known is None or known.about[0] != about[0]:
            known = self._known[name] = self._read(run, about, known)
        elif known.about != about:
            remarks, evaluated = read_remarks(run), figures_so_far(evaluations_of(run))
            known.row = replace(known.row, starred=remarks.starred, note=remarks.note, evaluated=evaluated)
            known.about = about
        elif known.identity is not None and not known.settled:
            known.row = replace(known.row, state=self._standing(run, known.identity))

    def _read(self, run: RunDirectory, about: tuple[Stamp | None, ...], before: _Known | None) -> _Known:
        try:
            identity = read_identity(run)
        except GanTuiError as error:
            return _Known(run, _beside(run), None, damaged_row(run, error), about, settled=True)
        row = row_of(run, identity, self._standing(run, identity))
        if before is not None:  # until the record is read again, a moment from now
            old = before.row
            row = replace(row, step=old.step, total_steps=old.total_steps, epoch=old.epoch, losses=old.losses)
            row = replace(row, evaluated=old.evaluated)
        return _Known(run, _beside(run), identity, row, about)

    def _standing(self, run: RunDirectory, identity: Identity) -> RowState:
        state = viewed_state(run, identity)
        return self._there.get(identity.id, state) if state == "elsewhere" else state

    def _follow(self, known: _Known) -> None:
        """Read how far a run has come, if its record has changed."""
        if known.settled:
            return
        record = (_stamp(str(known.run.metrics)), _stamp(str(known.run.events)))
        if record != known.record:
            known.row = with_record(known.row, known.run)
            known.record = record
        else:
            known.settled = not known.row.is_live and known.row.state != "elsewhere"

    def _show(self, problem: str = "") -> None:
        """Let the view be what is known, and tell if it is another one than before."""
        self._shown = time.monotonic()
        rows = tuple(known.row for known in self._newest_first())
        view = RunsView(
            folder=str(self._folder), rows=rows, is_listed=self._view.is_listed or not problem, problem=problem
        )
        if view != self._view:
            self._view = view
            self._notify()

    # ------------------------------------------------------------------------------------------ other machines

    def _ask_elsewhere(self) -> None:
        """Have the engines of other machines asked how they are, in a thread: each may take seconds to answer."""
        elsewhere = [
            (known.run, known.identity)
            for known in self._known.values()
            if known.identity is not None and viewed_state(known.run, known.identity) == "elsewhere"
        ]
        busy = self._asking is not None and self._asking.is_alive()
        if not elsewhere or busy or time.monotonic() - self._asked < ASK_SECONDS:
            return
        self._asked = time.monotonic()
        self._asking = threading.Thread(
            target=self._ask, args=(elsewhere,), name="ask engines on other machines", daemon=True
        )
        self._asking.start()

    def _ask(self, runs: list[tuple[RunDirectory, Identity]]) -> None:
        for run, identity in runs:
            if self._closing.is_set():
                return
            self._there[identity.id] = standing_of(run, identity)
        self._woken.set()


def _stamp(path: str) -> Stamp | None:
    """None where there is no such file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - of thousands of paths every two seconds
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _beside(run: RunDirectory) -> tuple[str, str]:
    return str(run.remarks), str(run.evaluations)
