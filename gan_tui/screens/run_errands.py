"""What is done to the run under the browser's cursor: dialogs before it, work beside the screen, and what came of it.

Dialogs, and what they need, are imported when they are first wanted: the list waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.screen import Screen

from engine.protocol.checkpoints import list_folders
from engine.protocol.choice import LATEST
from engine.protocol.remarks import Remarks, read_remarks, write_remarks
from engine.protocol.rundir import RunDirectory
from gan_tui.client.ways import BrowserKeys
from gan_tui.departures import Begin, GoOn, LookAt, RunsDeparture
from gan_tui.screens.run_wishes import Changed, DeletionSeen, RunsLeft, Told
from gan_tui.state.imaging import Imaging
from gan_tui.state.key_words import with_keys
from gan_tui.state.run_list import RunRow
from gan_tui.widgets.footer import Tone
from gan_tui.worker_edge import failure_told

if TYPE_CHECKING:
    from gan_tui.actions.action import ActionOn
    from gan_tui.client.branch import ResumeRequest
    from gan_tui.client.deletion import Deletion
    from gan_tui.client.new_run import NewRun

FIRST = "quickstart"
"""The preset that a list of them begins at: it needs no images and no GPU."""


class RunErrands:
    """Those of one screen.

    Args:
        screen: over which dialogs open, and which posts what is wanted.
        selected: the run under the cursor; None where there is none.
        folder: of the runs.
        actions: the browser's, with the keys that are in force.
        keys: those of all actions, as they are shown, by the id of the action.
        imaging: how pictures are drawn.
        ascii: whether nothing else may be drawn.
        clock: seconds since the Unix epoch.
    """

    def __init__(
        self,
        screen: Screen[None],
        selected: Callable[[], RunRow | None],
        folder: Callable[[], Path],
        *,
        actions: Sequence[ActionOn[Any]],
        keys: Mapping[str, str],
        imaging: Imaging,
        ascii: bool,  # noqa: A002
        clock: Callable[[], float],
    ) -> None:
        self._screen = screen
        self._selected = selected
        self._folder = folder
        self._actions = actions
        self._keys = keys
        self._ways = BrowserKeys(keys=keys)
        self._imaging = imaging
        self._ascii = ascii
        self._clock = clock
        self._remarking = Lock()
        """A star and a note are in one file, which is read and written anew."""

    # ------------------------------------------------------------------------------------------- going elsewhere

    def open(self) -> None:
        """Leave for the run's dashboard."""
        row = self._readable()
        if row is not None:
            self._leave_for(LookAt(run=_directory(row)))

    def compare(self, row: RunRow, behind: str) -> None:
        """Leave for a run's dashboard with another's curves behind.

        Args:
            row: the run.
            behind: the other's path.
        """
        self._leave_for(LookAt(run=_directory(row), behind=RunDirectory(Path(behind))))

    def ask_new(self) -> None:
        """Have a preset chosen, and what a run of it is to have otherwise; the list begins at the selected run's."""
        from gan_tui.screens.new_run import NewRunDialog

        def chosen(new: NewRun | None) -> None:
            if new is not None:
                self._leave_for(Begin(new=new))

        row = self._selected()
        dialog = NewRunDialog(self._folder(), begin_at=row.preset if row is not None and row.preset else FIRST)
        self._screen.app.push_screen(dialog, chosen)

    def resume(self) -> None:
        """Have a checkpoint chosen to go on from; a run without one begins where it began before."""
        from gan_tui.client.branch import ResumeRequest

        row = self._readable()
        if row is None:
            return
        if row.is_live:
            way = with_keys("{runs-open|Enter} attaches to it, {runs-branch|b} makes a branch of it", self._keys)
            self._say(f"{row.name} is {row.state}: {way}.", "bad", lambda: self._is_still(row))
        elif not list_folders(_directory(row), "checkpoint"):
            self._leave_for(GoOn(run=_directory(row), checkpoint=LATEST, request=ResumeRequest(ways=self._ways)))
        else:
            self._pick(row, ResumeRequest(ways=self._ways))

    def branch(self) -> None:
        """Have settings typed, then a checkpoint chosen that a new run goes on from."""
        from gan_tui.client.branch import require_settings
        from gan_tui.client.new_run import typed_settings
        from gan_tui.screens.run_prompts import LineDialog

        row = self._readable()
        if row is None:
            return
        if not list_folders(_directory(row), "checkpoint"):
            self._say(f"{row.name} has no checkpoint to branch from.", "bad")
            return
        dialog = LineDialog(
            f"a branch of {row.name}",
            "settings that it is to have otherwise, if any",
            "loss.cycle_a=5 optim.lr_g=1e-4",
            "choose a checkpoint",
            check=lambda typed: require_settings(_directory(row), typed_settings(typed)),
        )
        self._screen.app.push_screen(dialog, partial(self._branch_with, row))

    def _branch_with(self, row: RunRow, typed: str | None) -> None:
        from gan_tui.client.branch import ResumeRequest
        from gan_tui.client.new_run import typed_settings

        if typed is not None:
            self._pick(row, ResumeRequest(branch=True, settings=tuple(typed_settings(typed)), ways=self._ways))

    def _pick(self, row: RunRow, request: ResumeRequest) -> None:
        from gan_tui.screens.checkpoints import CheckpointPicker

        def chosen(step: int | None) -> None:
            if step is not None:
                self._leave_for(GoOn(run=_directory(row), checkpoint=str(step), request=request))

        picker = CheckpointPicker(_directory(row), request, now=self._clock(), imaging=self._imaging)
        self._screen.app.push_screen(picker, chosen)

    # ------------------------------------------------------------------------------------------- remarks

    def star(self) -> None:
        """Put a star on the run, or take it away."""
        row = self._selected()
        if row is not None:
            self._remark(row, lambda remarks: replace(remarks, starred=not row.starred))

    def ask_note(self) -> None:
        """Have a note written, or another one; an empty one takes it away."""
        from engine.protocol.remarks import MAX_NOTE
        from gan_tui.screens.run_prompts import LineDialog

        row = self._selected()
        if row is None:
            return
        dialog = LineDialog(
            f"note on {row.name}",
            "",
            "what it was for, or what came of it",
            "write",
            typed=row.note,
            most=MAX_NOTE,
        )

        def written(note: str | None) -> None:
            if note is not None:
                self._remark(row, lambda remarks: replace(remarks, note=note))

        self._screen.app.push_screen(dialog, written)

    def _remark(self, row: RunRow, change: Callable[[Remarks], Remarks]) -> None:
        def write() -> None:
            run = _directory(row)
            with self._remarking, self._changing(f"{run.name}: the remark cannot be kept"):
                write_remarks(run, change(read_remarks(run)))

        self._screen.run_worker(write, name="write a remark", group="remarks", thread=True)

    # ------------------------------------------------------------------------------------------- deleting

    def ask_delete(self) -> None:
        """Have it seen what would go with the run; ``confirm`` follows."""
        from gan_tui.client.deletion import look_at, require_deletable

        row = self._selected()
        if row is None:
            return

        def look() -> None:
            with failure_told(f"{row.name} cannot be looked at", self._object):
                require_deletable(_directory(row), self._ways)
                self._screen.post_message(DeletionSeen(look_at(_directory(row))))

        self._screen.run_worker(look, name="look at a run to be deleted", group="delete", thread=True, exclusive=True)

    def confirm(self, deletion: Deletion) -> None:
        """Ask, and delete."""
        from gan_tui.client.deletion import delete_run
        from gan_tui.screens.run_prompts import DeleteDialog

        def delete() -> None:
            name = deletion.run.name
            with self._changing(f"{name} cannot be deleted"):
                delete_run(deletion.run, self._ways)
                self._screen.post_message(Told(f"{name} is deleted.", "good"))

        def answered(sure: bool | None) -> None:
            if sure:
                self._screen.run_worker(delete, name="delete a run", group="deletion", thread=True)

        self._screen.app.push_screen(DeleteDialog(deletion.run.name, deletion.in_words()), answered)

    # ------------------------------------------------------------------------------------------- finding out

    def show_help(self) -> None:
        """List every key."""
        from gan_tui.screens.help import HelpScreen
        from gan_tui.screens.run_words import SIGNS

        self._screen.app.push_screen(HelpScreen(self._actions, ascii=self._ascii, signs=SIGNS))

    def show_palette(self) -> None:
        """Search the actions."""
        self._screen.app.action_command_palette()

    # ------------------------------------------------------------------------------------------- inside

    @contextmanager
    def _changing(self, what: str) -> Iterator[None]:
        """In a worker: have what is changed on the disk seen in the list, and a failure told."""
        with failure_told(what, self._object):
            yield
        self._screen.post_message(Changed())

    def _object(self, text: str) -> None:
        self._say(text, "bad")

    def _readable(self) -> RunRow | None:
        """The run under the cursor, unless it does not say what it is."""
        row = self._selected()
        if row is not None and row.state == "damaged":
            self._say(row.reason, "bad")
            return None
        return row

    def _leave_for(self, departure: RunsDeparture) -> None:
        self._screen.post_message(RunsLeft(departure))

    def _say(self, text: str, tone: Tone = "plain", holds: Callable[[], bool] | None = None) -> None:
        self._screen.post_message(Told(text, tone, holds))

    def _is_still(self, row: RunRow) -> bool:
        """Whether the run is under the cursor and in the state that it was in."""
        now = self._selected()
        return now is not None and (now.path, now.state) == (row.path, row.state)


def _directory(row: RunRow) -> RunDirectory:
    return RunDirectory(Path(row.path))
