"""The samples pane: pictures of a contact sheet, newest first, older ones by key; one of them may be selected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.message import Message

from engine.protocol.events import Sampled
from gan_tui.state.gallery import Spot, first_made, kept, moved
from gan_tui.state.key_words import with_keys
from gan_tui.state.sheets import sheet_at, sheet_of, stepped
from gan_tui.terminal.pictures import Drawing
from gan_tui.widgets.columns import whole_parts
from gan_tui.widgets.frames import CORNERS, entitle
from gan_tui.widgets.picture_grid import Exhibit, Named, PictureGrid
from gan_tui.widgets.pixels import Piece

NONE = "no sample sheet yet"


class SamplePane(PictureGrid, can_focus=True):
    """Shows one sheet at a time; follows the newest until the user looks at an older one."""

    @dataclass
    class Browsed(Message):
        """The user has gone to another sheet, of this step."""

        step: int

    class Opened(Message):
        """The user wants the selected picture as large as can be."""

    def __init__(self, run_dir: Path, drawing: Drawing | None = None, keys: Mapping[str, str] | None = None) -> None:
        """``keys`` are those in the frame that the user has changed."""
        super().__init__(drawing or Drawing(), notice=NONE)
        self._keys = keys or {}
        self._run_dir = run_dir
        self._sheets: tuple[Sampled, ...] = ()
        self._chosen: str | None = None
        """Path of the sheet that the user has gone back to; None follows the newest. A step may have several."""
        self._selected: Spot | None = None

    # ------------------------------------------------------------------------------------------- data down

    @property
    def sheets(self) -> tuple[Sampled, ...]:
        """The run's, oldest first."""
        return self._sheets

    @property
    def sheet(self) -> Sampled | None:
        """The one that is looked at."""
        return sheet_of(self._sheets, self._chosen)

    @property
    def followed(self) -> bool:
        """Whether the newest sheet is shown, and the next one when it comes."""
        return self._chosen is None

    @property
    def selected(self) -> Spot | None:
        """The selected picture; else the first that a network made."""
        sheet = self.sheet
        return None if sheet is None else kept(sheet.rows, self._selected) or first_made(sheet.rows)

    def show(self, sheets: tuple[Sampled, ...]) -> None:
        """Take the run's sheets, oldest first."""
        if sheets != self._sheets:
            self._sheets = sheets
            self._show()

    def show_step(self, step: float | None) -> None:
        """Show the newest sheet of a step or before it, or the first; with None follow the newest again."""
        target = None if step is None else sheet_at(self._sheets, step)
        shown = self.sheet
        if target is not None and shown is not None and self._chosen is not None and target.step == shown.step:
            return  # of several sheets of one step the user may have gone to another one
        self._chosen = target.path if target else None
        self._show()

    def show_sheet(self, path: str | None, spot: Spot | None) -> None:
        """Show a sheet, or the newest with None, and select a picture of it."""
        self._selected = spot
        self._go_to(path)

    def older(self) -> None:
        """Show the sheet before the one shown."""
        self._go_to(stepped(self._sheets, self._chosen, -1))

    def newer(self) -> None:
        """Show the sheet after the one shown."""
        self._go_to(stepped(self._sheets, self._chosen, +1))

    def select(self, by: int) -> None:
        """Select the next picture, or the one before; rows for which there is no room come into view with it."""
        if self.sheet is not None:
            self._selected = moved(self.sheet.rows, kept(self.sheet.rows, self._selected), by)
            self._show()

    # ------------------------------------------------------------------------------------------- the mouse

    def on_click(self, event: events.Click) -> None:
        """Select the picture that was clicked; with a second click show it large."""
        inside = event.get_content_offset(self)
        spot = self.arrangement.spot_at(*inside) if inside is not None and self.arrangement is not None else None
        if spot is None:
            return
        self._selected = spot
        self._show()
        if event.chain > 1:
            self.post_message(self.Opened())

    # ------------------------------------------------------------------------------------------- inside

    def _go_to(self, path: str | None) -> None:
        before = self.sheet
        self._chosen = path
        self._show()
        if self.sheet is not None and self.sheet != before:
            self.post_message(self.Browsed(self.sheet.step))

    def _show(self) -> None:
        sheet = self.sheet
        if sheet is not None:
            self.hang(exhibit_of(self._run_dir, sheet), kept(sheet.rows, self._selected))
        elif self._exhibit:  # there was one, and the run has gone back to before it
            self.hang(())
            self.say(NONE)

    def arranged(self) -> None:
        """Say which sheet this is, and which of its rows are there."""
        sheet, arrangement = self.sheet, self.arrangement
        if sheet is None:
            entitle(self, subtitle="")
            return
        place = [each.path for each in self._sheets].index(sheet.path) + 1
        parts = [f"step {sheet.step:,}", f"{place}/{len(self._sheets)}"]
        if arrangement is not None and len(arrangement.placements) < arrangement.of:
            rows = [placement.sheet_row + 1 for placement in arrangement.placements]
            parts.append(f"rows {min(rows)}–{max(rows)}/{arrangement.of}")
        parts += [with_keys(hint, self._keys) for hint in ("{older|,} {newer|.} older/newer", "{picture|o} large")]
        entitle(self, subtitle=whole_parts(parts, self.size.width - CORNERS))


def exhibit_of(run_dir: Path, sheet: Sampled) -> Exhibit:
    """A sheet's pictures; an ancestor's sheet has an absolute path."""
    path = run_dir / sheet.path
    return tuple(
        tuple(Named(name, Piece(path, sheet.tile, row, column)) for column, name in enumerate(names))
        for row, names in enumerate(sheet.rows)
    )
