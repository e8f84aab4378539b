"""Synthetic contact sheets: a horse-like and a zebra-like animal on a meadow, drawn with Pillow."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

TILE = 64
ROWS = (("real_A", "fake_B", "rec_A"), ("real_B", "fake_A", "rec_B"))


def draw_animal(stripes: float, seed: int) -> Image.Image:
    """An animal whose stripes show with a strength from 0 to 1."""
    picture = Image.new("RGB", (TILE, TILE), (120, 170, 220))
    pen = ImageDraw.Draw(picture)
    for y in range(TILE // 2, TILE):
        pen.line([(0, y), (TILE, y)], fill=(70 + y // 2, 130 + (y * 7 + seed * 13) % 20, 60))
    left = 10 + seed * 5 % 12
    brown, white = (130, 84, 48), (226, 222, 214)
    coat = tuple(round(a + (b - a) * stripes) for a, b in zip(brown, white, strict=True))
    pen.ellipse([left, 24, left + 34, 42], fill=coat)
    pen.polygon([(left + 28, 28), (left + 38, 12), (left + 44, 16), (left + 36, 34)], fill=coat)
    for leg in (4, 11, 23, 29):
        pen.rectangle([left + leg, 38, left + leg + 3, 56], fill=coat)
    dark = tuple(round(c * (1 - 0.8 * stripes)) for c in coat)
    for x in range(3, 33, 5):
        pen.line([(left + x, 27), (left + x - 2, 39)], fill=dark, width=2)
    return picture


def write_sheet(path: Path, progress: float, count: int = 4) -> tuple[tuple[str, ...], ...]:
    """Write a sheet of ``count`` images of each domain, as well translated as ``progress`` says; returns its rows."""
    rows = ROWS * count
    sheet = Image.new("RGB", (3 * TILE, len(rows) * TILE))
    for row in range(len(rows)):
        real = float(row % 2)
        for column, stripes in enumerate((real, real + (1 - 2 * real) * progress, real)):
            sheet.paste(draw_animal(stripes, row // 2), (column * TILE, row * TILE))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
    return rows


def damage(png: Path) -> None:
    """Have a PNG say that its pixels take half the bytes: of such a one Pillow raises a SyntaxError."""
    written = png.read_bytes()
    place = written.index(b"IDAT")
    length = int.from_bytes(written[place - 4 : place], "big") // 2
    png.write_bytes(written[: place - 4] + length.to_bytes(4, "big") + written[place:])
