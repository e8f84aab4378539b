"""Contact sheets: every picture at its place, written once."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from engine.protocol.rundir import RunDirectory
from engine.train.samples import lay_out, send_off, write_sheet
from engine.transfers import sender_from

SIDE = 4
TO_HOST = sender_from(torch.device("cpu"))


def pictures(*greys: float) -> torch.Tensor:
    """Even pictures, (N, 3, 4, 4), one of each grey in -1..1."""
    return torch.tensor(greys).reshape(-1, 1, 1, 1).expand(-1, 3, SIDE, SIDE)


SAMPLE = [
    {"real_A": pictures(-1.0, -0.5), "fake_B": pictures(0.0, 0.5), "rec_A": pictures(1.0, 0.25)},
    {"real_B": pictures(0.75, -0.75), "fake_A": pictures(-0.25, 0.9)},
]


def tile_of(pixels: np.ndarray, row: int, column: int) -> np.ndarray:
    return pixels[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]


def test_each_picture_is_at_the_place_that_its_name_has() -> None:
    sheet = lay_out(send_off(SAMPLE, 7, TO_HOST))
    assert (sheet.step, sheet.tile) == (7, SIDE)
    assert sheet.rows == (("real_A", "fake_B", "rec_A"), ("real_B", "fake_A")) * 2
    assert sheet.pixels.shape == (4 * SIDE, 3 * SIDE, 3)
    assert sheet.pixels.dtype == np.uint8
    for row, names in enumerate(sheet.rows):
        number, kind = divmod(row, 2)
        for column, name in enumerate(names):
            grey = SAMPLE[kind][name][number, 0, 0, 0].item()
            tile = tile_of(sheet.pixels, row, column)
            assert np.abs(tile.astype(float) - (grey + 1) / 2 * 255).max() <= 1, (name, number)
    assert not tile_of(sheet.pixels, 1, 2).any(), "where a row is shorter, the sheet is black"


def test_height_width_and_colours_are_not_mixed_up() -> None:
    picture = torch.full((1, 3, SIDE, SIDE), -1.0)
    picture[0, 0, 1, 3] = 1.0
    pixels = lay_out(send_off([{"real_A": picture}], 1, TO_HOST)).pixels
    assert [tuple(place) for place in np.argwhere(pixels)] == [(1, 3, 0)]


def test_a_sheet_is_written_as_png_and_never_over_another(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    sheet = lay_out(send_off(SAMPLE, 12, TO_HOST))
    shown = write_sheet(run, sheet)
    path, png = shown.path, shown.png
    assert path == "samples/step-00000012.png"
    assert (tmp_path / path).read_bytes() == png
    with Image.open(io.BytesIO(png)) as picture:
        assert np.array_equal(np.asarray(picture), sheet.pixels)
        assert picture.text["Title"] == "step 12: real_A fake_B rec_A; real_B fake_A"  # type: ignore[attr-defined]
    other = lay_out(send_off([{"real_A": pictures(0.0)}], 12, TO_HOST))
    assert write_sheet(run, other).path == "samples/step-00000012-2.png"
    assert (tmp_path / path).read_bytes() == png
    assert sorted(file.name for file in run.samples.iterdir()) == ["step-00000012-2.png", "step-00000012.png"]
