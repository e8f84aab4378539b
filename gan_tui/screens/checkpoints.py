"""The checkpoint picker and preflight: what a run can be resumed from, and what resuming from each would mean."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import DataTable, Static
from textual.worker import get_current_worker

from engine.errors import GanTuiError
from engine.protocol.checkpoints import THUMBNAIL, folder_name, set_note, set_star
from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.inspection import Inspection
from gan_tui.client.inventory import Inventory, Kept, UnreadableCheckpoint
from gan_tui.client.preflight import Preflight
from gan_tui.screens.checkpoint_words import facts_of, headline_of, row_of, step_of
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import worded
from gan_tui.state.imaging import Imaging
from gan_tui.state.plain_text import printable
from gan_tui.state.wording import READ_ONLY
from gan_tui.widgets.checkpoint_details import CheckpointDetails
from gan_tui.widgets.checkpoint_table import CheckpointTable
from gan_tui.widgets.fact_sheet import Fact
from gan_tui.widgets.frames import entitle
from gan_tui.worker_edge import failure_told

AGEING = 15.0
"""Seconds after which the ages that are shown are renewed."""


class CheckpointPicker(Dialog[int | None]):
    """Lists checkpoints, newest first, with the preflight of the one highlighted; returns a step, or None."""

    CSS_PATH = "checkpoints.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012
    FOCUSED = DataTable
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "close", id="checkpoints-close", show=False),
        Binding("enter", "resume", "resume", id="checkpoints-resume", show=False),
        Binding("asterisk", "star", "star", id="checkpoints-star", show=False),
        Binding("m", "note", "note", id="checkpoints-note", show=False),
        Binding("g", "newest_good", "newest good", id="checkpoints-newest-good", show=False),
    ]

    @dataclass
    class InventoryTaken(Message):
        """A worker has listed the checkpoints."""

        inventory: Inventory

    @dataclass
    class Looked(Message):
        """A worker has looked at a checkpoint: its preflight, or why there is none."""

        kept: Kept
        seen: Preflight | str
        is_read: bool
        """Whether its files have been read, and not only listed; no more is to be seen then."""

    @dataclass
    class Starred(Message):
        """A star or a note was set or taken away, or could not be."""

        problem: str = ""

    @dataclass
    class Unlisted(Message):
        """A worker could not list the checkpoints."""

        problem: str

    def __init__(
        self,
        run: RunDirectory,
        request: ResumeRequest,
        *,
        now: float,
        begin_at: int | None = None,
        readonly: bool = False,
        ageing: float = AGEING,
        imaging: Imaging | None = None,
    ) -> None:
        super().__init__(classes="-reading")
        self._run = run
        self._ageing = ageing
        self._opened, self._opened_at = now, monotonic()
        """By the clock, and by one that nobody sets."""
        self._readonly = readonly
        self._inspection = Inspection(run, request)
        self._ways = request.ways
        self._listed: dict[str, Kept | UnreadableCheckpoint] = {}
        """By the folder's name, newest first."""
        self._look_at: str | None = None
        """The folder that the cursor is on."""
        self._begin_at = None if begin_at is None else folder_name(begin_at)
        """The folder that it is to be on at first; the newest one with None."""
        self._looked: CheckpointPicker.Looked | None = None
        """The newest look at it."""
        self._resume_once_read = False
        self.table = CheckpointTable()
        self.details = CheckpointDetails(imaging)

    def compose(self) -> ComposeResult:
        """A table and what is known of the row that the cursor is on; below or beside each other."""
        with Vertical(id="picker") as picker:
            write = "{checkpoints-resume|Enter} resume · {checkpoints-star|*} star · {checkpoints-note|m} note · "
            good = "{checkpoints-newest-good|g} newest good · Tab details · {checkpoints-close|Esc} close"
            keys = worded(self, good if self._readonly else write + good)
            entitle(picker, f"checkpoints · {self._run.name}", keys)
            with Container(id="body"):
                yield self.table
                yield self.details
            yield Static("reading the checkpoints…", id="said")

    def on_mount(self) -> None:
        """Have the checkpoints listed."""
        self.table.focus()
        self._take_inventory()
        self.set_interval(self._ageing, self._show_rows, name="ages of checkpoints")

    # ------------------------------------------------------------------------------------------- reading

    @work(thread=True, exclusive=True, group="inventory", name="list the checkpoints")
    def _take_inventory(self) -> None:
        what = "The checkpoints cannot be listed"
        with failure_told(what, lambda problem: self.post_message(self.Unlisted(problem))):
            inventory = self._inspection.inventory()
            if not get_current_worker().is_cancelled:
                self.post_message(self.InventoryTaken(inventory))

    @work(thread=True, exclusive=True, group="look", name="look at a checkpoint and read its files")
    def _look(self, kept: Kept) -> None:
        worker = get_current_worker()
        with self._look_told(kept):
            self._post_look(kept)
            if self._inspection.is_read(kept):
                return
            if self._inspection.read(kept, lambda: worker.is_cancelled):
                self._post_look(kept)

    def _look_told(self, kept: Kept) -> AbstractContextManager[None]:
        return failure_told(
            f"run {self._run.name}: cannot be looked at",
            lambda problem: self.post_message(self.Looked(kept, problem, is_read=True)),
            f"Make {self._run.root} readable, then choose it again.",
        )

    def _post_look(self, kept: Kept) -> None:
        is_read = self._inspection.is_read(kept)
        try:
            seen: Preflight | str = self._inspection.look(kept)
        except GanTuiError as error:
            seen = self._ways.told(error.one_line())
        self.post_message(self.Looked(kept, seen, is_read))

    @work(thread=True, group="star", name="set a star")
    def _set_star(self, kept: Kept) -> None:
        with self._keeping(kept, "the star"):
            set_star(kept.folder, not kept.starred)
            self.post_message(self.Starred())

    @work(thread=True, group="star", name="write a note")
    def _set_note(self, kept: Kept, note: str) -> None:
        with self._keeping(kept, "the note"):
            set_note(kept.folder, note)
            self.post_message(self.Starred())
            with self._look_told(kept):
                self._post_look(replace(kept, note=note))

    def _keeping(self, kept: Kept, what: str) -> AbstractContextManager[None]:
        return failure_told(
            f"{kept.folder.name}: {what} cannot be kept",
            lambda problem: self.post_message(self.Starred(problem)),
            "Make the folder writable or make room on the disk, then try again.",
        )

    # ------------------------------------------------------------------------------------------- what was read

    def on_checkpoint_picker_inventory_taken(self, message: InventoryTaken) -> None:
        """Fill the table."""
        message.stop()
        found: tuple[Kept | UnreadableCheckpoint, ...] = (*message.inventory.checkpoints, *message.inventory.unreadable)
        newest_first = sorted(found, key=lambda each: (step_of(each), each.folder.name), reverse=True)
        if not self._listed:
            self._say("" if found else f"{self._run.name} has no checkpoint yet.")
        elif self._look_at and self._look_at not in {each.folder.name for each in newest_first}:
            self._say(f"{self._look_at} is gone: a newer checkpoint has taken its place.")
        before, self._listed = self._listed, {each.folder.name: each for each in newest_first}
        self.set_class(not found, "-none")
        self.remove_class("-reading")
        self._show_rows()
        if self._begin_at is not None:
            self.table.go_to(self._begin_at)
            self._begin_at = None
        name = self._look_at
        if name in before and name in self._listed and type(before[name]) is not type(self._listed[name]):
            self._turn_to(name)  # it has come to say what it is, or does so no more

    def on_checkpoint_picker_unlisted(self, message: Unlisted) -> None:
        """Say so."""
        message.stop()
        self._say(message.problem)

    def on_checkpoint_picker_looked(self, message: Looked) -> None:
        """Show the preflight, if the cursor is still there."""
        message.stop()
        if message.kept.folder.name != self._look_at:
            return
        self._looked = message
        self._show_look(message)
        if message.is_read:
            self._take_inventory()  # what was read may show in the table
        if self._resume_once_read and message.is_read:
            self._resume(message)

    def on_checkpoint_picker_starred(self, message: Starred) -> None:
        """Show the star, or say why there is none."""
        message.stop()
        self._say(message.problem)
        self._take_inventory()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Look at the checkpoint that the cursor has come to."""
        event.stop()
        name = event.row_key.value
        if name is None or name == self._look_at or name not in self._listed:
            return
        if self._look_at in self._listed:  # else the user did not move, and may have been told why
            self._say("")
        self._turn_to(name)

    def _turn_to(self, name: str) -> None:
        self._look_at, self._looked, self._resume_once_read = name, None, False
        each = self._listed[name]
        has_picture = isinstance(each, Kept) and THUMBNAIL in each.manifest.files
        self.details.begin(headline_of(each, self._now()), each.folder / THUMBNAIL if has_picture else None)
        if isinstance(each, Kept):
            self._look(each)
        else:
            self.workers.cancel_group(self, "look")
            self.details.show([Fact("files", (each.damage,), "bad")])

    # ------------------------------------------------------------------------------------------- wishes

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Resume from the row that was chosen."""
        event.stop()
        self.action_resume()

    def action_resume(self) -> None:
        """Return the step, unless something is in the way; a checkpoint that is still being read is waited for.

        What was in the way is looked for once more: the data may be mounted by now, or the engine gone.
        """
        each = self._listed.get(self._look_at or "")
        if isinstance(each, UnreadableCheckpoint):
            self._say(f"{each.folder.name} {each.damage}. {self._way_on()}")
            self._take_inventory()
        elif each is not None and (self._looked is None or not self._looked.is_read):
            self._resume_once_read = True
            self._say("Its files are being read; then the run is resumed.")
        elif each is not None and self._looked is not None:
            match self._looked.seen:
                case Preflight(problems=()):
                    self.dismiss(each.manifest.step)
                case _:
                    self._looked, self._resume_once_read = None, True
                    self._inspection.forget_damage(each)
                    self._look(each)

    def action_star(self) -> None:
        """Mark the checkpoint to be kept, or not any more."""
        each = self._listed.get(self._look_at or "")
        if self._readonly:
            self._say(READ_ONLY)
        elif isinstance(each, Kept):
            self._set_star(each)

    def action_note(self) -> None:
        """Have something written down about the checkpoint; nothing takes the note away."""
        from engine.protocol.remarks import MAX_NOTE
        from gan_tui.screens.run_prompts import LineDialog

        each = self._listed.get(self._look_at or "")
        if self._readonly:
            self._say(READ_ONLY)
        elif isinstance(each, Kept):
            told, example = "", "what is to be seen in it"
            dialog = LineDialog(
                f"note on {each.folder.name}",
                told,
                example,
                "write",
                typed=each.note,
                most=MAX_NOTE,
            )

            def written(note: str | None) -> None:
                if note is not None:
                    self._set_note(each, note)

            self.app.push_screen(dialog, written)

    def action_newest_good(self) -> None:
        """Go to the newest checkpoint that nothing is known against."""
        if good := self._newest_good():
            self.table.go_to(good.folder.name)

    # ------------------------------------------------------------------------------------------- inside

    def _resume(self, looked: Looked) -> None:
        self._resume_once_read = False
        match looked.seen:
            case Preflight(problems=()):
                self.dismiss(looked.kept.manifest.step)
            case Preflight(checkpoint=chosen, problems=(first, *_)) if chosen and chosen.damage:
                self._say(f"{first.subject} {first.fact}. {self._way_on()}")
            case Preflight(problems=(first, *_)):
                self._say(first.in_words())
            case str() as problem:
                self._say(problem)

    def _newest_good(self) -> Kept | None:
        kept = (each for each in self._listed.values() if isinstance(each, Kept) and not each.damage)
        return next(kept, None)

    def _way_on(self) -> str:
        good = self._newest_good()
        if good is None:
            return "There is no good one."
        way = worded(self, "{checkpoints-newest-good|g} goes to the newest good one")
        return f"{way}, step {good.manifest.step:,}."

    def _show_rows(self) -> None:
        """Show what is listed, as old as it is by now."""
        now = self._now()
        self.table.show_rows([row_of(each, now) for each in self._listed.values()])
        self.details.retitle(headline_of(self._listed.get(self._look_at or ""), now))

    def _now(self) -> float:
        """The time, but for the seconds since ages were last renewed."""
        return self._opened + self._ageing * ((monotonic() - self._opened_at) // self._ageing)

    def _say(self, text: str) -> None:
        said = self.query_one("#said", Static)
        said.update(Text(printable(text)))
        said.set_class(not text, "-none")

    def _show_look(self, looked: Looked) -> None:
        seen = looked.seen
        if isinstance(seen, str):
            self.details.show([Fact("problem", (seen,), "bad")])
            return
        curve = [(point.epoch, point.factor) for point in seen.horizon.curve or ()]
        self.details.show(facts_of(looked.kept, seen, is_read=looked.is_read), curve, "it follows the losses")
