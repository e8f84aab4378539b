"""The samples pane: pictures of a contact sheet in half blocks, newest first, older ones by key."""

from __future__ import annotations

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
from gan_tui.widgets.picture import half_block_row
from gan_tui.widgets.pixels import Arrangement, Pixel, arrange, caption, read_pictures

Line = list[Segment]


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
        pictures: list[list[list[list[Pixel]]]]

    @dataclass
    class Unreadable(Message):
        """A worker could not read a sheet."""

        sheet: Sampled
        reason: str

    def __init__(self, run_dir: Path) -> None:
        super().__init__()
        self._run_dir = run_dir
        self._sheets: tuple[Sampled, ...] = ()
        self._chosen: int | None = None
        """Step of the sheet that the user has gone back to; None follows the newest."""
        self._drawn: tuple[int, int, int] | None = None
        """Step of the sheet on the screen or on its way there, and the pane's size it is made for."""
        self._lines: list[Line] = []
        self._keys: list[object] = []
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

    def on_resize(self) -> None:
        """Fit the pictures to the new size."""
        self._lines, self._keys = [], []
        self._load()

    # ------------------------------------------------------------------------------------------- loading

    def _browse(self, by: int) -> None:
        steps = [sheet.step for sheet in self._sheets]
        if not steps:
            return
        current = steps.index(self._chosen) if self._chosen in steps else len(steps) - 1
        target = min(max(0, current + by), len(steps) - 1)
        self._chosen = None if target == len(steps) - 1 else steps[target]
        self._load()

    def _load(self) -> None:
        sheet = self._current()
        self._title(sheet)
        if sheet is None or not self.size.width or not self.size.height:
            return
        wanted = (sheet.step, *self.size)
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
        return next((sheet for sheet in self._sheets if sheet.step == self._chosen), self._sheets[-1])

    def _title(self, sheet: Sampled | None) -> None:
        if sheet is None:
            self.border_subtitle = ""
            return
        place = [each.step for each in self._sheets].index(sheet.step) + 1
        self.border_subtitle = f"step {sheet.step:,} · {place}/{len(self._sheets)} · , . older/newer"

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
        ground = self.rich_style
        if not self._lines:
            style = self.get_component_rich_style("samples--empty")
            text = self._notice[:width].center(width) if y == self.size.height // 2 else " " * width
            return Strip([Segment(text, style)], width)
        line = self._lines[y] if y < len(self._lines) else []
        return Strip(line).adjust_cell_length(width, ground)

    def _say(self, notice: str) -> None:
        self._notice = notice
        self._lines, self._keys = [], []
        self.refresh()

    def _paint(self, arrangement: Arrangement, pictures: list[list[list[list[Pixel]]]]) -> None:
        lines, keys = self._composed(arrangement, pictures)
        before, self._lines, self._keys = self._keys, lines, keys
        if len(before) != len(keys):
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, keys, strict=True)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def _composed(
        self, arrangement: Arrangement, pictures: list[list[list[list[Pixel]]]]
    ) -> tuple[list[Line], list[object]]:
        """Lines to draw, and for each a key that is equal when the line is."""
        side, height = arrangement.side, self.size.height
        blank = self.rich_style
        pens = self.get_component_rich_style("samples--caption")
        lines: list[Line] = [[] for _ in range(height)]
        keys: list[list[object]] = [[] for _ in range(height)]
        widths = [0] * height
        for placement, row in zip(arrangement.placements, pictures, strict=True):
            text = caption(placement.names, side)
            for offset in range(side // 2 + 1):
                y = placement.y + offset
                lines[y].append(Segment(" " * (placement.x - widths[y]), blank))
                if offset == 0:
                    lines[y].append(Segment(text, pens))
                    keys[y].append(text)
                else:
                    for picture in row:
                        upper, lower = picture[2 * offset - 2], picture[2 * offset - 1]
                        lines[y].extend(half_block_row(upper, lower))
                        keys[y].append((upper, lower))
                widths[y] = placement.x + len(text)
        return lines, list(keys)
