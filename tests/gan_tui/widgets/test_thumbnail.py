"""A small picture: as large as its room allows, in its own shape, and nothing where it cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from textual.app import App, ComposeResult

from gan_tui.widgets.thumbnail import Thumbnail, read_picture
from tests.gan_tui.drawings import damage


def picture(path: Path, width: int, height: int, colour: tuple[int, int, int] = (200, 10, 10)) -> Path:
    Image.new("RGB", (width, height), colour).save(path)
    return path


@pytest.mark.parametrize(
    ("size", "room", "expected"),
    [
        ((144, 96), (30, 20), (30, 20)),
        ((144, 48), (30, 20), (30, 10)),
        ((48, 96), (30, 20), (10, 20)),
        ((3, 2), (30, 20), (30, 20)),
        ((400, 1), (30, 20), (30, 2)),
        ((144, 96), (31, 21), (31, 20)),
    ],
)
def test_it_fills_its_room_in_its_own_shape(
    tmp_path: Path, size: tuple[int, int], room: tuple[int, int], expected: tuple[int, int]
) -> None:
    rows = read_picture(picture(tmp_path / "a.png", *size), *room)
    assert (len(rows[0]), len(rows)) == expected
    assert {pixel for row in rows for pixel in row} == {(200, 10, 10)}
    assert len({len(row) for row in rows}) == 1


class PictureApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.thumbnail = Thumbnail()

    def compose(self) -> ComposeResult:
        yield self.thumbnail


async def test_pictures_one_after_another(tmp_path: Path) -> None:
    app = PictureApp()
    async with app.run_test(size=(60, 20)) as pilot:

        async def show(path: Path | None) -> Thumbnail:
            app.thumbnail.show(path)
            for _ in range(3):
                await app.workers.wait_for_complete()
                await pilot.pause()
            return app.thumbnail

        assert not (await show(None)).display
        shown = await show(picture(tmp_path / "wide.png", 90, 30))
        assert (shown.display, shown.size.width, shown.size.height) == (True, 30, 5)
        ground = next(iter(shown.render_line(2))).style
        assert ground is not None
        assert ground.bgcolor is not None
        assert ground.bgcolor.triplet == (200, 10, 10)
        assert (await show(picture(tmp_path / "high.png", 30, 60))).size.height == 10
        (tmp_path / "none.png").write_text("no picture")
        assert not (await show(tmp_path / "none.png")).display
        assert not (await show(tmp_path / "missing.png")).display
        damage(picture(tmp_path / "damaged.png", 90, 30))
        assert not (await show(tmp_path / "damaged.png")).display
        assert (await show(tmp_path / "wide.png")).display
        assert not (await show(None)).display
        assert (await show(tmp_path / "wide.png")).size.height == 5, "it is as it was before there was none"
