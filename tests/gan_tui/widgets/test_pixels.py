"""Pictures of contact sheets: the right pixels from the PNG, in colours that the terminal has."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from rich.color import Color, ColorSystem

from gan_tui.widgets.pixels import Piece, cut, pixel_rows, shrunk
from tests.gan_tui.drawings import TILE, write_sheet


def test_pictures_come_from_their_place_on_the_sheet(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    rows = write_sheet(path, 1.0, count=2)
    pieces = [Piece(path, TILE, row, column) for row in range(len(rows)) for column in range(3)]
    real, fake, rec = [pixel_rows(shrunk(picture, 20)) for picture in cut(pieces).values()][:3]
    assert real == rec != fake
    assert len(real) == len(real[0]) == 20
    sky = real[0][0]
    assert sky[2] > sky[0]


def test_of_256_colours_each_is_one_that_is_sent_as_it_is() -> None:
    picture = Image.merge(
        "RGB", [Image.linear_gradient("L"), Image.linear_gradient("L").rotate(90), Image.radial_gradient("L")]
    )
    pixels = {pixel for row in pixel_rows(shrunk(picture, 64), "256") for pixel in row}
    assert len(pixels) > 40
    sent = {pixel: Color.from_rgb(*pixel).downgrade(ColorSystem.EIGHT_BIT).get_truecolor() for pixel in pixels}
    assert all(tuple(colour) == pixel for pixel, colour in sent.items())


def test_grey_is_stretched_so_that_a_few_characters_tell_it_apart() -> None:
    dim = Image.linear_gradient("L").point(lambda value: 100 + value // 10).convert("RGB")
    pixels = [row[0] for row in pixel_rows(shrunk(dim, 32), "grey")]
    assert all(red == green == blue for red, green, blue in pixels)
    assert pixels == sorted(pixels), "what is brighter stays brighter"
    assert pixels[0][0] < 10
    assert pixels[-1][0] > 245
