"""The checkpoint picker and preflight: what a run can be resumed from, and what resuming from each would mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static
from textual.worker import get_current_worker

from engine.errors import GanTuiError
from engine.protocol.checkpoints import THUMBNAIL, set_star
from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.inspection import Inspection
from gan_tui.client.inventory import Inventory, Kept, Unreadable
from gan_tui.client.preflight import Preflight
from gan_tui.client.preflight_words import told
from gan_tui.state.journal import size_text
from gan_tui.state.plain_text import printable
from gan_tui.widgets.axes import reading
from gan_tui.widgets.checkpoint_table import STAR, CheckpointRow, CheckpointTable
from gan_tui.widgets.fact_sheet import Fact, FactSheet
from gan_tui.widgets.rate_line import RateLine
from gan_tui.widgets.thumbnail import Thumbnail
from gan_tui.widgets.wording import duration


class CheckpointPicker(ModalScreen[int | None]):
    """Lists checkpoints, newest first, with the preflight of the one highlighted; returns a step, or None."""

    CSS_PATH = "checkpoints.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "close", show=False),
        Binding("enter", "resume", "resume", show=False),
        Binding("asterisk", "star", "star", show=False),
        Binding("g", "newest_good", "newest good", show=False),
    ]

    @dataclass
    class InventoryTaken(Message):
        """A worker has listed the checkpoints."""

        inventory: Inventory

    @dataclass
    class Looked(Message):
        """A worker has looked at a checkpoint: its preflight, or why there is none."""

        kept: Kept
        seen: Preflight | GanTuiError
        is_read: bool
        """Whether its files have been read, and not only listed."""

    @dataclass
    class StarFailed(Message):
        """A star could not be set or taken away."""

        reason: str

    def __init__(self, run: RunDirectory, request: ResumeRequest, *, now: float, readonly: bool = False) -> None:
        super().__init__()
        self._run = run
        self._now = now
        self._readonly = readonly
        self._inspection = Inspection(run, request)
        self._listed: dict[str, Kept | Unreadable] = {}
        """By the folder's name, newest first."""
        self._look_at: str | None = None
        """The folder that the cursor is on."""
        self._looked: CheckpointPicker.Looked | None = None
        """The newest look at it."""
        self._resume_once_read = False

    def compose(self) -> ComposeResult:
        """A table and what is known of the row that the cursor is on; below or beside each other."""
        with Vertical(id="picker") as picker:
            picker.border_title = printable(f"checkpoints · {self._run.name}")
            picker.border_subtitle = "Enter resume from it · * star · g newest good · Tab details · Esc close"
            with Container(id="body"):
                yield CheckpointTable()
                with VerticalScroll(id="details"):
                    yield Static(id="headline")
                    with Container(id="look"):
                        with Container(id="pictures"):
                            yield Thumbnail()
                            yield RateLine()
                        yield FactSheet()
            yield Static("reading the checkpoints…", id="said")

    def on_mount(self) -> None:
        """Have the checkpoints listed."""
        self.query_one(CheckpointTable).focus()
        self._take_inventory()

    # ------------------------------------------------------------------------------------------- reading

    @work(thread=True, exclusive=True, group="inventory", name="list the checkpoints")
    def _take_inventory(self) -> None:
        self.post_message(self.InventoryTaken(self._inspection.inventory()))

    @work(thread=True, exclusive=True, group="look", name="look at a checkpoint and read its files")
    def _look(self, kept: Kept) -> None:
        worker = get_current_worker()
        self._post_look(kept)
        if self._inspection.is_read(kept):
            return
        if self._inspection.read(kept, lambda: worker.is_cancelled):
            self.post_message(self.InventoryTaken(self._inspection.inventory()))
            self._post_look(kept)

    def _post_look(self, kept: Kept) -> None:
        is_read = self._inspection.is_read(kept)
        try:
            seen: Preflight | GanTuiError = self._inspection.look(kept)
        except GanTuiError as error:
            seen = error
        self.post_message(self.Looked(kept, seen, is_read))

    @work(thread=True, group="star", name="set a star")
    def _set_star(self, kept: Kept) -> None:
        try:
            set_star(kept.folder, not kept.starred)
        except OSError as error:
            self.post_message(self.StarFailed(f"{kept.folder.name}: the star cannot be changed ({error.strerror})"))
        self.post_message(self.InventoryTaken(self._inspection.inventory()))

    # ------------------------------------------------------------------------------------------- what was read

    def on_checkpoint_picker_inventory_taken(self, message: InventoryTaken) -> None:
        """Fill the table."""
        message.stop()
        found: tuple[Kept | Unreadable, ...] = (*message.inventory.checkpoints, *message.inventory.unreadable)
        newest_first = sorted(found, key=lambda each: (_step(each), each.folder.name), reverse=True)
        if not self._listed:
            self._say("" if found else f"{self._run.name} has no checkpoint yet; S writes one.")
        self._listed = {each.folder.name: each for each in newest_first}
        self.set_class(not found, "-none")
        self.query_one(CheckpointTable).show_rows([_row(each, self._now) for each in newest_first])
        self._headline()

    def on_checkpoint_picker_looked(self, message: Looked) -> None:
        """Show the preflight, if the cursor is still there."""
        message.stop()
        if message.kept.folder.name != self._look_at:
            return
        self._looked = message
        self._show_look(message)
        if self._resume_once_read and message.is_read:
            self.action_resume()

    def on_checkpoint_picker_star_failed(self, message: StarFailed) -> None:
        """Say why."""
        message.stop()
        self._say(message.reason)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Look at the checkpoint that the cursor has come to."""
        event.stop()
        name = event.row_key.value
        if name is None or name == self._look_at or name not in self._listed:
            return
        if self._look_at in self._listed:  # else the user did not move, and may have been told why
            self._say("")
        self._look_at, self._looked, self._resume_once_read = name, None, False
        each = self._listed[name]
        self._headline()
        self.query_one("#details", VerticalScroll).scroll_home(animate=False)
        if isinstance(each, Unreadable):
            self.workers.cancel_group(self, "look")
            self.query_one(Thumbnail).show(None)
            self.query_one(RateLine).show(())
            self.query_one(FactSheet).show([Fact("files", (each.damage,), "bad")])
            return
        has_picture = THUMBNAIL in each.manifest.files
        self.query_one(Thumbnail).show(each.folder / THUMBNAIL if has_picture else None)
        self._look(each)

    # ------------------------------------------------------------------------------------------- wishes

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Resume from the row that was chosen."""
        event.stop()
        self.action_resume()

    def action_resume(self) -> None:
        """Return the step, unless something is in the way; a checkpoint that is still being read is waited for."""
        each = self._listed.get(self._look_at or "")
        if isinstance(each, Unreadable):
            self._say(f"{each.folder.name} {each.damage}. {self._way_on()}")
        elif each is not None and (self._looked is None or not self._looked.is_read):
            self._resume_once_read = True
            self._say("Its files are being read; then the run is resumed.")
        elif each is not None and self._looked is not None:
            self._resume(self._looked)

    def action_star(self) -> None:
        """Mark the checkpoint to be kept, or not any more."""
        each = self._listed.get(self._look_at or "")
        if self._readonly:
            self._say("This view is read-only: attach without --readonly to set stars.")
        elif isinstance(each, Kept):
            self._set_star(each)

    def action_newest_good(self) -> None:
        """Go to the newest checkpoint that nothing is known against."""
        if good := self._newest_good():
            self.query_one(CheckpointTable).go_to(good.folder.name)

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
            case GanTuiError() as error:
                self._say(error.one_line())

    def _newest_good(self) -> Kept | None:
        kept = (each for each in self._listed.values() if isinstance(each, Kept) and not each.damage)
        return next(kept, None)

    def _way_on(self) -> str:
        good = self._newest_good()
        return f"g goes to the newest good one, step {good.manifest.step:,}." if good else "There is no good one."

    def _say(self, text: str) -> None:
        said = self.query_one("#said", Static)
        said.update(Text(printable(text)))
        said.set_class(not text, "-none")

    def _headline(self) -> None:
        each = self._listed.get(self._look_at or "")
        text = _headline(each, self._now) if isinstance(each, Kept) else each.folder.name if each else ""
        self.query_one("#headline", Static).update(Text(printable(text)))

    def _show_look(self, looked: Looked) -> None:
        seen = looked.seen
        if isinstance(seen, GanTuiError):
            self.query_one(RateLine).show(())
            self.query_one(FactSheet).show([Fact("problem", (seen.one_line(),), "bad")])
            return
        curve = seen.horizon.curve
        points = [(point.epoch, point.factor) for point in curve or ()]
        self.query_one(RateLine).show(points, "" if curve else "it follows the losses")
        first, *rest = (Fact(*part) for part in told(seen, ""))
        others = [fact for fact in rest if fact.label != "checkpoint"]
        self.query_one(FactSheet).show([first, *_files(looked), *others, *_losses(looked.kept)])


def _step(each: Kept | Unreadable) -> int:
    return each.manifest.step if isinstance(each, Kept) else int(each.folder.name.removeprefix("step-"))


def _headline(kept: Kept, now: float) -> str:
    manifest = kept.manifest
    age = duration(max(0.0, now - manifest.time))
    words = [f"step {manifest.step:,}", f"epoch {manifest.epoch}", size_text(manifest.size), f"{age} old"]
    return " · ".join([*words, *[STAR] * kept.starred, *["best"] * kept.best])


def _row(each: Kept | Unreadable, now: float) -> CheckpointRow:
    if isinstance(each, Unreadable):
        return CheckpointRow(key=each.folder.name, step=_step(each), mark="unreadable")
    manifest = each.manifest
    return CheckpointRow(
        key=each.folder.name,
        step=manifest.step,
        starred=each.starred,
        mark="damaged" if each.damage else "best" if each.best else "",
        epoch=manifest.epoch,
        age=now - manifest.time,
        size=manifest.size,
        reason=manifest.reason,
        objective=manifest.objective,
        losses=manifest.losses,
    )


def _files(looked: CheckpointPicker.Looked) -> list[Fact]:
    """How the checkpoint's files are; of damaged ones the problem tells."""
    if isinstance(looked.seen, Preflight) and looked.seen.checkpoint and looked.seen.checkpoint.damage:
        return []
    if not looked.is_read:
        return [Fact("files", ("checking…",), "faint")]
    count = len(looked.kept.manifest.files)
    return [Fact("files", (f"whole: {count} files, SHA-256 as written",), "good")]


def _losses(kept: Kept) -> list[Fact]:
    """Two components a line."""
    losses = kept.manifest.losses
    names = max((len(name) for name in losses), default=0)
    told = [f"{name:<{names}} {'–' if value is None else reading(value):>6}" for name, value in losses.items()]
    lines = tuple("   ".join(told[at : at + 2]) for at in range(0, len(told), 2))
    return [Fact("losses", lines)] if lines else []
