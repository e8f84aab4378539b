"""One picture of the sample sheets as large as can be, or beside the image that it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from engine.protocol.events import Sampled
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.following import FollowingScreen
from gan_tui.screens.worded import worded
from gan_tui.state.gallery import Spot, first_made, kept, moved, spoken
from gan_tui.state.outlet import Outlet
from gan_tui.state.run_view import RunView
from gan_tui.state.sheets import sheet_of, stepped
from gan_tui.terminal.pictures import Drawing
from gan_tui.widgets.arrangement import LARGEST_AREA
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.picture_grid import PictureGrid
from gan_tui.widgets.samples import exhibit_of

AREA = 4 * LARGEST_AREA
"""Cells of what is shown: who opens this wants it large, and pays for each sheet that is gone through."""


KEYS = (
    "{view-older|,} {view-newer|.} older/newer · {view-next|n} {view-previous|N} other · "
    "{view-real|r} real beside it · {view-export|E} export · {view-close|Esc} back"
)


class LeftAt(NamedTuple):
    """The sheet, None for the newest whichever that is, and the picture that were looked at last."""

    path: str | None
    spot: Spot


class PictureScreen(Dialog[LeftAt], FollowingScreen[LeftAt]):
    """Goes through the sheets with one picture; the newest is followed as in the pane."""

    CSS_PATH = "picture.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o,enter", "leave", "back", id="view-close", show=False),
        Binding("comma,less_than_sign", "browse(-1)", "older sheet", id="view-older", show=False),
        Binding("full_stop,greater_than_sign", "browse(1)", "newer sheet", id="view-newer", show=False),
        Binding("n", "select(1)", "next picture", id="view-next", show=False),
        Binding("N", "select(-1)", "picture before", id="view-previous", show=False),
        Binding("E", "export", "write it to a file", id="view-export", show=False),
        Binding("r", "beside", "the real image beside it", id="view-real", show=False),
    ]

    @dataclass
    class Sent(Message):
        """All of what is shown has gone to the terminal."""

        number: int
        """Of the pictures, in the order in which they were sought."""

    def __init__(
        self,
        run_dir: Path,
        sheets: tuple[Sampled, ...],
        path: str | None,
        spot: Spot,
        drawing: Drawing,
        outlet: Outlet,
    ) -> None:
        """``path`` is the sheet to begin with; None follows the newest."""
        super().__init__()
        self._outlet = outlet
        self._title = ""
        self._number = 0
        """Of the newest picture."""
        self._is_drawing = False
        """Whether it is read, or on its way to the terminal, which over a slow link takes seconds."""
        self._run_dir = run_dir
        self._sheets = sheets
        self._path = path
        self._spot = spot
        self._beside = False
        """Whether the first image of the row is shown too."""
        self.grid = PictureGrid(drawing, area=AREA)
        self._frame = Vertical(self.grid, id="frame")

    def compose(self) -> ComposeResult:
        """The pictures in a frame that says what they are."""
        yield self._frame

    @property
    def told(self) -> str:
        """What is said of the picture."""
        return str(self._frame.border_title)

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def show(self, view: RunView) -> None:
        """Take the run's sheets."""
        if view.sheets != self._sheets:
            self._sheets = view.sheets
            self._draw()

    def action_browse(self, by: int) -> None:
        """Go to another sheet."""
        self._path = stepped(self._sheets, self._path, by)
        self._draw()

    def action_select(self, by: int) -> None:
        """Go to another picture of the sheet."""
        sheet = sheet_of(self._sheets, self._path)
        if sheet is not None:
            self._spot = moved(sheet.rows, kept(sheet.rows, self._spot), by) or self._spot
            self._draw()

    def action_beside(self) -> None:
        """Show the image that it was made of beside it, or no more."""
        self._beside = not self._beside
        self._draw()

    def action_export(self) -> None:
        """Write the picture, or its sheet, to a file."""
        from gan_tui.chart.files import folder_for_files
        from gan_tui.screens.export import ExportDialog, exports_of_picture

        sheet = sheet_of(self._sheets, self._path)
        spot = None if sheet is None else self._shown_of(sheet)
        if sheet is not None and spot is not None:
            exports = exports_of_picture(self._run_dir, sheet, spot)
            self.app.push_screen(ExportDialog(exports, folder_for_files()), self._exported)

    def on_picture_grid_sought(self, message: PictureGrid.Sought) -> None:
        """Say so with the next that is sent: a frame's title goes before the picture below it.

        On every link, as how slow one is shows only by what it is sent; where it is fast, this is gone at once.
        """
        message.stop()
        self._number += 1
        self._is_drawing = True
        self._entitle()

    def on_picture_grid_hung(self, message: PictureGrid.Hung) -> None:
        """Have it known when the terminal has all of it."""
        message.stop()
        number = self._number
        self.call_after_refresh(self._outlet.once_sent, lambda: self.post_message(self.Sent(number)))

    def on_picture_screen_sent(self, message: Sent) -> None:
        """Say no more that it is drawn."""
        message.stop()
        if message.number == self._number:
            self._is_drawing = False
            self._entitle()

    def _entitle(self, keys: str | None = None) -> None:
        entitle(self._frame, self._title + (" · drawing…" if self._is_drawing else ""), keys)

    def _exported(self, told: str | None) -> None:
        if told:
            entitle(self._frame, subtitle=told)

    def action_leave(self) -> None:
        """Back to the dashboard."""
        self.dismiss(LeftAt(self._path, self._spot))

    def _shown_of(self, sheet: Sampled) -> Spot | None:
        """The picture of a sheet that is shown."""
        return kept(sheet.rows, self._spot) or first_made(sheet.rows)

    def _draw(self) -> None:
        sheet = sheet_of(self._sheets, self._path)
        spot = None if sheet is None else self._shown_of(sheet)
        if sheet is None or spot is None:
            self._title = "no sheets any more: the run went back to before them"
            self._entitle()
            return
        place = self._sheets.index(sheet) + 1
        name = spoken(sheet.rows[spot.row][spot.column])
        self._title = (
            f"{name} · row {spot.row + 1}/{len(sheet.rows)} · step {sheet.step:,} · {place}/{len(self._sheets)}"
        )
        self._entitle(worded(self, KEYS))
        row = exhibit_of(self._run_dir, sheet)[spot.row]
        self.grid.hang(((row[0], row[spot.column]) if self._beside and spot.column else (row[spot.column],),))
