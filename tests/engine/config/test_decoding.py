"""Every kind of file that Pillow reads becomes upright 8-bit RGB; every other is refused by name."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.config.decoding import open_rgb
from engine.config.image_files import UnreadableImageError


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def pixel(path: Path, x: int = 0, y: int = 0) -> tuple[int, int, int]:
    image = open_rgb(path)
    assert image.mode == "RGB"
    value = image.getpixel((x, y))
    assert isinstance(value, tuple)
    return value[0], value[1], value[2]


@pytest.mark.parametrize(("mode", "value", "expected"), [("L", 77, 77), ("1", 1, 255), ("1", 0, 0)])
def test_grey_becomes_rgb(tmp_path: Path, mode: str, value: int, expected: int) -> None:
    assert pixel(saved(tmp_path / "x.png", Image.new(mode, (3, 2), value))) == (expected,) * 3


def test_palette_colours_are_looked_up(tmp_path: Path) -> None:
    image = Image.new("P", (2, 2), 3)
    image.putpalette([0, 0, 0] * 3 + [10, 200, 30])
    assert pixel(saved(tmp_path / "x.png", image)) == (10, 200, 30)


def test_a_transparent_palette_colour_shows_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 2), 1)
    image.putpalette([9, 9, 9, 10, 200, 30])
    image.putpixel((1, 0), 0)
    path = saved(tmp_path / "x.png", image, transparency=1)
    assert pixel(path) == (255, 255, 255)
    assert pixel(path, 1, 0) == (9, 9, 9)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("RGBA", (0, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("RGBA", (0, 100, 200, 51), (204, 224, 244)),
        ("LA", (0, 51), (204, 204, 204)),
    ],
)
def test_alpha_is_laid_over_white(
    tmp_path: Path, mode: str, value: tuple[int, ...], expected: tuple[int, int, int]
) -> None:
    found = pixel(saved(tmp_path / "x.png", Image.new(mode, (2, 2), value)))
    assert np.allclose(found, expected, atol=1)


def test_cmyk_jpeg_becomes_rgb(tmp_path: Path) -> None:
    red, green, blue = pixel(saved(tmp_path / "x.jpg", Image.new("CMYK", (16, 16), (0, 255, 255, 0)), quality=95))
    assert red > 240
    assert green < 15
    assert blue < 15


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(("value", "expected"), [(0, 0), (128 * 257, 128), (65535, 255), (300, 1)])
def test_16_bit_greys_are_scaled(tmp_path: Path, suffix: str, value: int, expected: int) -> None:
    image = Image.fromarray(np.full((4, 4), value, np.uint16))
    assert pixel(saved(tmp_path / f"x.{suffix}", image)) == (expected,) * 3


def test_32_bit_greys_within_16_bits_are_scaled_and_others_refused(tmp_path: Path) -> None:
    fine = saved(tmp_path / "fine.tif", Image.fromarray(np.full((4, 4), 128 * 257, np.int32)))
    assert pixel(fine) == (128, 128, 128)
    wide = saved(tmp_path / "wide.tif", Image.fromarray(np.full((4, 4), 70_000, np.int32)))
    with pytest.raises(UnreadableImageError, match="70000"):
        open_rgb(wide)


@pytest.mark.parametrize(("value", "expected"), [(0.5, 128), (1.0, 255), (200.0, 200)])
def test_floats_are_scaled(tmp_path: Path, value: float, expected: int) -> None:
    image = Image.fromarray(np.full((4, 4), value, np.float32))
    assert pixel(saved(tmp_path / "x.tif", image)) == (expected,) * 3


@pytest.mark.parametrize("value", [float("nan"), -1.0, 256.0])
def test_floats_of_another_range_are_refused(tmp_path: Path, value: float) -> None:
    path = saved(tmp_path / "x.tif", Image.fromarray(np.full((4, 4), value, np.float32)))
    with pytest.raises(UnreadableImageError, match="0 to 255"):
        open_rgb(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(tmp_path: Path, orientation: int) -> None:
    upright = Image.fromarray(np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10)
    turned = {
        1: lambda image: image,
        2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda image: image.rotate(180),
        4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
        6: lambda image: image.rotate(90, expand=True),
        7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
        8: lambda image: image.rotate(-90, expand=True),
    }[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "x.png", turned, exif=exif)
    assert np.array_equal(np.asarray(open_rgb(path)), np.asarray(upright))


def test_a_file_is_judged_by_its_content(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.png", Image.new("RGB", (8, 8), (10, 20, 30)), format="BMP")
    assert pixel(path) == (10, 20, 30)


def test_text_called_an_image_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    with pytest.raises(UnreadableImageError, match="is not an image") as caught:
        open_rgb(path)
    assert caught.value.path == path
    assert str(path) in caught.value.one_line()


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "webp"])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = saved(tmp_path / f"x.{suffix}", Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableImageError):
        open_rgb(path)


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    header = struct.pack(">IIBBBBB", 12_000, 12_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    data = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data + end
    )
    with (
        pytest.warns(Image.DecompressionBombWarning),
        pytest.raises(UnreadableImageError, match="12000x12000 px, a decompression bomb"),
    ):
        open_rgb(path)


def test_postscript_never_reaches_its_interpreter(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    with pytest.raises(UnreadableImageError, match="is not an image"):
        open_rgb(path)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "x.png"
    os.mkfifo(fifo)
    for path in (fifo, tmp_path):
        with pytest.raises(UnreadableImageError, match="not a regular file"):
            open_rgb(path)
    with pytest.raises(UnreadableImageError, match="No such file"):
        open_rgb(tmp_path / "absent.png")
