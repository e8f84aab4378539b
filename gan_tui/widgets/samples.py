"""The samples pane: pictures of a contact sheet in half blocks, newest first, older ones by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from textual import work
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import get_current_worker

from engine.protocol.events import Sampled
from gan_tui.state.key_words import with_keys
from gan_tui.state.plain_text import printable
from gan_tui.widgets.picture import half_block_row
from gan_tui.widgets.pixels import SEAM, Arrangement, Pictures, arrange, caption, read_pictures, row_width
from gan_tui.widgets.strips import text_strip
from gan_tui.widgets.wording import clipped


class SamplePane(Widget, can_focus=True):
    """Shows one sheet at a time; follows the newest until the user looks at an older one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"samples--caption", "samples--empty"}
    DEFAULT_CSS = """
    SamplePane { height: 1fr; }
    SamplePane .samples--caption { color: $faint; }
    SamplePane .samples--empty { color: $faint; }
    """

    @dataclass
    class Decoded(Message):
        """A worker has read a sheet."""

        sheet: Sampled
        arrangement: Arrangement
        pictures: Pictures

    @dataclass
    class Unreadable(Message):
        """A worker could not read a sheet."""

        sheet: Sampled
        reason: str

    def __init__(self, run_dir: Path, keys: Mapping[str, str] | None = None) -> None:
        """``keys`` are those in the frame that the user has changed."""
        super().__init__()
        self._keys = keys or {}
        self._run_dir = run_dir
        self._sheets: tuple[Sampled, ...] = ()
        self._chosen: str | None = None
        """Path of the sheet that the user has gone back to; None follows the newest. A step may have several."""
        self._drawn: tuple[str, int, int] | None = None
        """Path of the sheet on the screen or on its way there, and the pane's size it is made for."""
        self._arrangement: Arrangement | None = None
        self._pictures: Pictures = []
        self._notice = "no sample sheet yet"

    # ------------------------------------------------------------------------------------------- data down

    def show(self, sheets: tuple[Sampled, ...]) -> None:
        """Take the run's sheets, oldest first."""
        if sheets != self._sheets:
            self._sheets = sheets
            self._load()

    def older(self) -> None:
        """Show the sheet before the one shown."""
        self._browse(-1)

    def newer(self) -> None:
        """Show the sheet after the one shown."""
        self._browse(+1)

    def show_step(self, step: float | None) -> None:
        """Show the newest sheet of a step or before it, or the first; with None follow the newest again."""
        until = [sheet for sheet in self._sheets if step is not None and sheet.step <= step]
        self._chosen = (
            None if step is None else (until[-1] if until else self._sheets[0]).path if self._sheets else None
        )
        self._load()

    def on_resize(self) -> None:
        """Fit the pictures to the new size."""
        self._arrangement, self._pictures, self._drawn = None, [], None
        self._load()

    @property
    def sheet(self) -> Sampled | None:
        """The sheet in view."""
        return self._current()

    # ------------------------------------------------------------------------------------------- loading

    def _browse(self, by: int) -> None:
        paths = [sheet.path for sheet in self._sheets]
        if not paths:
            return
        current = paths.index(self._chosen) if self._chosen in paths else len(paths) - 1
        target = min(max(0, current + by), len(paths) - 1)
        self._chosen = None if target == len(paths) - 1 else paths[target]
        self._load()

    def _load(self) -> None:
        sheet = self._current()
        self._title(sheet)
        if sheet is None or not self.size.width or not self.size.height:
            return
        wanted = (sheet.path, *self.size)
        if wanted == self._drawn:
            return
        arrangement = arrange(sheet.rows, *self.size)
        if arrangement is None:
            self._say("too small for pictures")
            return
        self._drawn = wanted
        self._decode(sheet, arrangement)

    def _current(self) -> Sampled | None:
        if not self._sheets:
            return None
        return next((sheet for sheet in self._sheets if sheet.path == self._chosen), self._sheets[-1])

    def _title(self, sheet: Sampled | None) -> None:
        if sheet is None:
            self.border_subtitle = ""
            return
        place = [each.path for each in self._sheets].index(sheet.path) + 1
        keys = with_keys("{older|,} {newer|.} older/newer", self._keys)
        self.border_subtitle = f"step {sheet.step:,} · {place}/{len(self._sheets)} · {keys}"

    @work(thread=True, exclusive=True, group="sheet", name="read a sample sheet", exit_on_error=False)
    def _decode(self, sheet: Sampled, arrangement: Arrangement) -> None:
        try:
            pictures = read_pictures(self._run_dir / sheet.path, sheet.tile, arrangement)
        except (OSError, ValueError) as error:
            self.post_message(self.Unreadable(sheet, str(error)))
            return
        if not get_current_worker().is_cancelled:
            self.post_message(self.Decoded(sheet, arrangement, pictures))

    def on_sample_pane_unreadable(self, message: Unreadable) -> None:
        """Say so in place of the pictures."""
        message.stop()
        self._say(f"cannot read {message.sheet.path}: {message.reason}")

    def on_sample_pane_decoded(self, message: Decoded) -> None:
        """Draw the pictures that have arrived."""
        message.stop()
        self._paint(message.arrangement, message.pictures)

    # ------------------------------------------------------------------------------------------- drawing

    def render_line(self, y: int) -> Strip:
        """One line of captions or pictures."""
        width = self.size.width
        if self._arrangement is None:
            style = self.get_component_rich_style("samples--empty")
            text = clipped(self._notice, width).center(width) if y == self.size.height // 2 else " " * width
            return text_strip([(text, style)], width, self.rich_style)
        return Strip(self._line(self._arrangement, y)).adjust_cell_length(width, self.rich_style)

    def _line(self, arrangement: Arrangement, y: int) -> list[Segment]:
        side = arrangement.side
        line: list[Segment] = []
        used = 0
        for placement, pictures in zip(arrangement.placements, self._pictures, strict=True):
            row = y - placement.y
            if not 0 <= row <= side // 2:
                continue
            line.append(Segment(" " * (placement.x - used), self.rich_style))
            used = placement.x + row_width(len(pictures), side)
            if row == 0:
                style = self.get_component_rich_style("samples--caption")
                line.append(Segment(printable(caption(placement.names, side)), style))
                continue
            for place, picture in enumerate(pictures):
                if place:
                    line.append(Segment(" " * SEAM, self.rich_style))
                line.extend(half_block_row(picture[2 * row - 2], picture[2 * row - 1]))
        return line

    def _say(self, notice: str) -> None:
        self._notice = notice
        self._arrangement, self._pictures = None, []
        self.refresh()

    def _paint(self, arrangement: Arrangement, pictures: Pictures) -> None:
        """Put pictures on the screen, asking only for the rows of each that differ."""
        before, self._pictures = self._pictures, pictures
        if arrangement != self._arrangement:
            self._arrangement = arrangement
            self.refresh()
            return
        side = arrangement.side
        for placement, old_row, new_row in zip(arrangement.placements, before, pictures, strict=True):
            for place, (old, new) in enumerate(zip(old_row, new_row, strict=True)):
                for row in range(side // 2):
                    if old[2 * row : 2 * row + 2] != new[2 * row : 2 * row + 2]:
                        self.refresh(Region(placement.x + place * (side + SEAM), placement.y + 1 + row, side, 1))
