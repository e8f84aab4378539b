"""The dialog that writes what is on screen to a file: the plot, or the sheet of samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from engine.config.user_paths import at_home
from engine.errors import RequestError
from engine.protocol.events import Sampled
from engine.sizes import size_text
from gan_tui.chart.files import FORMATS, PlotFormat, unused, working_directory, write_file
from gan_tui.chart.plot_file import plot_content
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.on_screen import OnScreen
from gan_tui.screens.worded import worded
from gan_tui.state.gallery import Spot, spoken
from gan_tui.state.plain_text import printable
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.pixels import png_of
from gan_tui.widgets.samples import exhibit_of
from gan_tui.widgets.typed import TypedLine
from gan_tui.worker_edge import failure_told

_WORDS: dict[PlotFormat, str] = {
    "svg": "a drawing that scales, its text as text",
    "png": "a picture, 2400 x 1350",
    "csv": "the recorded values, a row for each line of metrics",
}


_UNUSUAL = re.compile(r"[^\w-]")
"""What does not go into the name of a file."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """One way to write it."""

    label: str
    told: str
    stem: str
    """The file's name but for its ending, if the user wants no other."""
    ending: str
    content: Callable[[], Iterable[bytes]]
    """Makes it; takes a while."""


def exports_of(seen: OnScreen) -> list[Export]:
    """The ways there are, the usual one first."""
    name, found = printable(seen.run.name), []
    if (plot := seen.plot) is not None:
        found = [
            Export(
                label=f"plot as {form.upper()}",
                told=_WORDS[form],
                stem=f"{name}-plot-{seen.step}",
                ending=form,
                content=partial(plot_content, plot, form, seen.run, seen.behind),
            )
            for form in FORMATS
        ]
    if seen.sheet is not None:
        found.append(_sheet_export(name, seen.sheet, seen.sheet_step))
    return found


def exports_of_picture(run_dir: Path, sheet: Sampled, spot: Spot) -> list[Export]:
    """The ways there are for a picture that is shown large: by itself, or with all of its sheet."""
    run, name = printable(run_dir.name), sheet.rows[spot.row][spot.column]
    piece = exhibit_of(run_dir, sheet)[spot.row][spot.column].piece
    place = f"{_UNUSUAL.sub('_', name)}-{spot.row + 1}"
    alone = Export(
        label="picture as PNG",
        told=f"{printable(spoken(name))} of row {spot.row + 1}, {sheet.tile} x {sheet.tile}",
        stem=f"{run}-{place}-{sheet.step}",
        ending="png",
        content=lambda: [png_of(piece)],
    )
    return [alone, _sheet_export(run, piece.path, sheet.step)]


def _sheet_export(run: str, path: Path, step: int) -> Export:
    return Export(
        label="samples as PNG",
        told=f"the sheet of step {step:,} as it was written",
        stem=f"{run}-samples-{step}",
        ending="png",
        content=lambda: [path.read_bytes()],
    )


class ExportDialog(Dialog[str | None]):
    """Returns what was written, in words; None where nothing was."""

    CSS_PATH = "export.tcss"
    FOCUSED = TypedLine
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "close", id="export-close", show=False),
        Binding("up", "choose(-1)", "the choice above", id="export-up", show=False, priority=True),
        Binding("down", "choose(1)", "the choice below", id="export-down", show=False, priority=True),
    ]

    @dataclass
    class Written(Message):
        """The worker is done."""

        path: Path
        size: int

    @dataclass
    class Refused(Message):
        """The worker could not write it."""

        path: Path
        reason: str = ""
        exists: bool = False
        """Then no reason is given."""

    def __init__(self, exports: list[Export], folder: Path) -> None:
        """``exports`` are the ways there are; ``folder`` is where files lie unless the user wants them elsewhere."""
        super().__init__()
        self._exports = exports
        self._folder = folder
        self._chosen = 0
        self._suggested = ""
        self._over: Path | None = None
        """A file that exists, and that Enter is to be pressed for once more."""

    def compose(self) -> ComposeResult:
        """The ways, the path, and room for an objection."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "export what is on screen"
            keys = "{export-up|↑} {export-down|↓} what · Enter write · {export-close|Esc} close"
            entitle(dialog, subtitle=worded(self, keys))
            yield Static("", id="ways")
            yield TypedLine(placeholder="path of the file")
            yield Static("", id="said")

    def on_mount(self) -> None:
        """Suggest the usual."""
        self.action_choose(0)

    def action_choose(self, by: int) -> None:
        """Take another way; a path that the user has typed keeps all but its ending."""
        self._chosen = (self._chosen + by) % len(self._exports)
        export, typed = self._exports[self._chosen], self.query_one(Input)
        if typed.value in ("", self._suggested):
            path = unused(self._folder, export.stem, export.ending)
            self._suggested = path.name if self._folder == working_directory() else _short(path)
            typed.value = self._suggested
        elif (path := Path(typed.value)).name:  # without one there is no ending to change
            typed.value = str(path.with_suffix(f".{export.ending}"))
        typed.cursor_position = len(typed.value)
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take the way that the path's ending asks for, where the ways to write the same thing differ by that."""
        self._over = None
        ending = Path(event.value).suffix.lower().removeprefix(".")
        stem = self._exports[self._chosen].stem
        for place, export in enumerate(self._exports):
            if export.stem == stem and export.ending == ending:
                self._chosen = place
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write it, in a thread."""
        export, typed = self._exports[self._chosen], event.value.strip()
        if not typed:
            self._say("Type a path for the file.")
            return
        try:
            path = self._folder / at_home(typed)
        except RequestError as error:
            self._say(f"{error.subject} {error.fact}. Type another path.")
            return
        if path.name and path.suffix.lower() != f".{export.ending}":
            path = path.with_name(f"{path.name}.{export.ending}")
        self._say(f"writing {path}…", bad=False)
        self._write(export, path, over=path == self._over)

    @work(thread=True, exclusive=True, group="export", name="write an export")
    def _write(self, export: Export, path: Path, *, over: bool) -> None:
        exists = False
        with suppress(OSError):  # what hinders the look hinders the writing, too, which tells of it
            exists = path.is_file() and not over
        what = f"{export.label}: cannot be made"
        with failure_told(what, lambda reason: self.post_message(self.Refused(path, reason))):
            if exists:
                self.post_message(self.Refused(path, exists=True))
            else:
                self.post_message(self.Written(path, write_file(path, export.content(), over=over)))

    def on_export_dialog_written(self, message: Written) -> None:
        """Say so, and go."""
        message.stop()
        self.dismiss(f"{_short(message.path)} is written, {size_text(message.size)}.")

    def on_export_dialog_refused(self, message: Refused) -> None:
        """Say why, and stay."""
        message.stop()
        self._over = message.path if message.exists else None
        text = f"{_short(message.path)} exists already. Enter once more writes over it." if message.exists else ""
        self._say(text or message.reason)

    def _say(self, text: str, *, bad: bool = True) -> None:
        said = self.query_one("#said", Static)
        said.set_class(bad, "-bad")
        said.update(Text(printable(text)))

    def _draw(self) -> None:
        """The ways, the chosen one marked; an objection is out of date."""
        lines = Text()
        width = max(len(export.label) for export in self._exports)
        for place, export in enumerate(self._exports):
            chosen = place == self._chosen
            lines.append(f"{'●' if chosen else '○'} {export.label:<{width}}", "bold" if chosen else "")
            lines.append(f"  {export.told}\n", "dim")
        lines.rstrip()
        self.query_one("#ways", Static).update(lines)
        self._say("", bad=False)


def _short(path: Path) -> str:
    """A path as people write it."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
