"""Pictures in rows: the terminal's own ones come and go with the widget, and words stand where none are wanted."""

from __future__ import annotations

import re
from pathlib import Path

from textual.app import App, ComposeResult

from gan_tui.state.gallery import Spot
from gan_tui.state.imaging import Imaging
from gan_tui.state.outlet import NoOutlet
from gan_tui.terminal.kitty import MARKS, PLACEHOLDER, KittyPictures
from gan_tui.terminal.pictures import Drawing, number_of
from gan_tui.widgets.picture_grid import PictureGrid
from gan_tui.widgets.samples import exhibit_of
from tests.gan_tui.drawings import TILE, write_sheet
from tests.gan_tui.screens.settled import settle
from tests.gan_tui.widgets.test_samples import sheet


class Sent(NoOutlet):
    """Keeps what was handed over, by what it does to which number."""

    def __init__(self) -> None:
        self.said: list[tuple[str, int]] = []

    def after_frame(self, key: str, *pieces: bytes) -> None:
        """See Outlet."""
        for piece in pieces:
            self.said += [(doing.decode(), int(number)) for doing, number in re.findall(rb"_Ga=(.).*?,i=(\d+)", piece)]


class GridApp(App[None]):
    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self.grid = PictureGrid(drawing)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"faint": "#888888"}

    def compose(self) -> ComposeResult:
        yield self.grid


async def test_the_terminals_own_pictures_come_and_go(tmp_path: Path) -> None:
    sent = Sent()
    app = GridApp(Drawing(imaging=Imaging(protocol="kitty"), pictures=KittyPictures(sent, (8, 16), process=1)))
    first, second = sheet(tmp_path, 1, 0.2), sheet(tmp_path, 2, 0.9)
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.hang(exhibit_of(tmp_path, first))
        await settle(pilot)
        shown = {number for doing, number in sent.said if doing == "T"}
        assert len(shown) == 6
        corner = next(app.grid.render_line(y) for y in range(24) if PLACEHOLDER in app.grid.render_line(y).text)
        cells = [segment for segment in corner if PLACEHOLDER in segment.text]
        assert cells[1].text == PLACEHOLDER + MARKS[0] + MARKS[1]
        assert {number_of(";".join(cell.style.color.get_ansi_codes())) for cell in cells} < shown  # type: ignore[union-attr]

        sent.said.clear()
        app.grid.hang(exhibit_of(tmp_path, second))
        await settle(pilot)
        assert [doing for doing, _ in sent.said] == ["T", "T"], "only the translations differ"

        sent.said.clear()
        app.grid.hang(exhibit_of(tmp_path, second)[:1])
        await settle(pilot)
        assert {doing for doing, _ in sent.said} == {"T", "d"}, "three are too many, three have another size"

        for hidden in (True, False):
            sent.said.clear()
            app.grid.display = not hidden
            await settle(pilot)
            assert len(sent.said) == (6 if hidden else 3)
            assert {doing for doing, _ in sent.said} == {"d" if hidden else "T"}
        sent.said.clear()
        await app.grid.remove()
        assert {doing for doing, _ in sent.said} == {"d"}


async def test_where_no_pictures_are_wanted_words_say_what_there_is(tmp_path: Path) -> None:
    app = GridApp(Drawing(imaging=Imaging(protocol="off")))
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.hang(exhibit_of(tmp_path, sheet(tmp_path, 7, 0.2)), Spot(0, 1))
        await settle(pilot)
        words = [line for line in (app.grid.render_line(y).text.strip() for y in range(24)) if line]
        assert words[:2] == ["1 × real A · fake B · rec A", "1 × real B · fake A · rec B"]
        assert words[2] == "samples/step-00000007.png"
        assert words[-1] == "Pictures are off; --images half shows them."


async def test_the_selected_picture_is_pointed_at_and_rows_without_room_come_into_view(tmp_path: Path) -> None:
    rows = write_sheet(tmp_path / "samples/step.png", 0.5, count=3)
    many = sheet(tmp_path, 1, 0.5)
    exhibit = exhibit_of(tmp_path, type(many)(seq=1, step=1, time=0.0, path="samples/step.png", tile=TILE, rows=rows))
    app = GridApp(Drawing())

    def pointed() -> list[str]:
        lines = [app.grid.render_line(y).text for y in range(app.grid.size.height)]
        return [line.split("▸")[1].strip() for line in lines if "▸" in line]

    async with app.run_test(size=(60, 18)) as pilot:
        app.grid.hang(exhibit)
        await settle(pilot)
        assert pointed() == []
        before = app.grid.arrangement
        app.grid.hang(exhibit, Spot(1, 2))
        await settle(pilot)
        assert pointed() == ["rec B"]
        assert app.grid.arrangement == before
        app.grid.hang(exhibit, Spot(5, 0))
        await settle(pilot)
        assert app.grid.arrangement is not None
        assert 5 in [placement.sheet_row for placement in app.grid.arrangement.placements]
        assert len(pointed()) == 1
