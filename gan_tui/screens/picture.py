"""One picture of the sample sheets as large as can be, beside what it was made of where there is room for both."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from engine.protocol.events import Sampled
from gan_tui.state.gallery import Spot, first_made, kept, moved, spoken
from gan_tui.state.plain_text import printable
from gan_tui.state.run_view import RunView
from gan_tui.state.sheets import sheet_of, stepped
from gan_tui.terminal_pictures import Drawing
from gan_tui.widgets.arrangement import LARGEST_AREA, SEAM
from gan_tui.widgets.picture_grid import ExhibitRow, PictureGrid
from gan_tui.widgets.samples import exhibit_of

AREA = 4 * LARGEST_AREA
"""Cells of what is shown: who opens this wants it large, and pays for each sheet that is gone through."""


class LeftAt(NamedTuple):
    """The sheet, None for the newest whichever that is, and the picture that were looked at last."""

    path: str | None
    spot: Spot


class PictureScreen(ModalScreen[LeftAt]):
    """Goes through the sheets with one picture; the newest is followed as in the pane."""

    CSS_PATH = "picture.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o,enter", "leave", "back", show=False),
        Binding("comma,less_than_sign", "browse(-1)", "older sheet", show=False),
        Binding("full_stop,greater_than_sign", "browse(1)", "newer sheet", show=False),
        Binding("n", "select(1)", "next picture", show=False),
        Binding("N", "select(-1)", "picture before", show=False),
    ]

    def __init__(
        self, run_dir: Path, sheets: tuple[Sampled, ...], path: str | None, spot: Spot, drawing: Drawing
    ) -> None:
        """``path`` is the sheet to begin with; None follows the newest."""
        super().__init__()
        self._run_dir = run_dir
        self._sheets = sheets
        self._path = path
        self._spot = spot
        self._grid = PictureGrid(drawing, area=AREA)
        self._frame = Vertical(self._grid, id="frame")

    def compose(self) -> ComposeResult:
        """The pictures in a frame that says what they are."""
        self._frame.border_subtitle = ", . older/newer · n N other picture · Esc back"
        yield self._frame

    @property
    def told(self) -> str:
        """What is said of the picture."""
        return str(self._frame.border_title)

    def on_resize(self) -> None:
        """Draw it, also at first; another size may have room for what the picture was made of, or none any more."""
        self.call_after_refresh(self._draw)

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

    def action_leave(self) -> None:
        """Back to the dashboard."""
        self.dismiss(LeftAt(self._path, self._spot))

    def _draw(self) -> None:
        sheet = sheet_of(self._sheets, self._path)
        spot = None if sheet is None else kept(sheet.rows, self._spot) or first_made(sheet.rows)
        if sheet is None or spot is None:
            self._frame.border_title = Content("no sheets any more: the run went back to before them")
            return
        place = self._sheets.index(sheet) + 1
        name = spoken(sheet.rows[spot.row][spot.column])
        told = f"{name} · row {spot.row + 1}/{len(sheet.rows)} · step {sheet.step:,} · {place}/{len(self._sheets)}"
        self._frame.border_title = Content(printable(told))
        self._grid.hang((_with_source(exhibit_of(self._run_dir, sheet)[spot.row], spot.column, *self._grid.size),))


def _with_source(row: ExhibitRow, column: int, width: int, height: int) -> ExhibitRow:
    """A picture, after the first of its row where that leaves it as large."""
    alone = min(width, 2 * (height - 1))
    return (row[0], row[column]) if column and 2 * alone + SEAM <= width else (row[column],)
