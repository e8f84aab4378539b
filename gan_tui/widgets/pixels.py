"""Pictures of contact sheets as pixels: their reading from a PNG, in the size and the colours they are drawn in."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gan_tui.state.imaging import Palette

if TYPE_CHECKING:
    from PIL import Image

Pixel: TypeAlias = tuple[int, int, int]
PixelRows: TypeAlias = list[list[Pixel]]
"""[pixel row][pixel], of an even number of rows."""


DROPPED = 2
"""Percent of the darkest and of the brightest pixels that do not count where grey is stretched."""


class Piece(NamedTuple):
    """A picture of a contact sheet."""

    path: Path
    tile: int
    """Side in pixels of a picture of that sheet."""
    row: int
    column: int


def cut(pieces: Iterable[Piece]) -> Mapping[Piece, Image.Image]:
    """The pictures, cut from their sheets.

    Raises:
        OSError: a sheet is missing or no picture; ValueError: it is damaged.
    """
    from PIL import Image

    sheets: dict[Path, Image.Image] = {}
    found = {}
    for piece in pieces:
        if piece.path not in sheets:
            with Image.open(piece.path) as opened:
                sheets[piece.path] = opened.convert("RGB")
        x, y = piece.column * piece.tile, piece.row * piece.tile
        found[piece] = sheets[piece.path].crop((x, y, x + piece.tile, y + piece.tile))
    return found


def png_of(piece: Piece) -> bytes:
    """A picture as a file of its own, as large as its sheet has it. Raises as ``cut`` does."""
    buffer = io.BytesIO()
    cut([piece])[piece].save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def shrunk(picture: Image.Image, side: int) -> Image.Image:
    """A square picture with that side."""
    from PIL import Image

    method = Image.Resampling.LANCZOS if picture.width < 4 * side else Image.Resampling.BOX
    return picture.resize((side, side), method)


def pixel_rows(picture: Image.Image, palette: Palette = "full") -> PixelRows:
    """A picture's pixels, in colours that the terminal has."""
    if palette == "256":
        from PIL import Image

        picture = picture.quantize(palette=_terminal_palette(), dither=Image.Dither.NONE).convert("RGB")
    elif palette == "grey":
        from PIL import ImageOps

        picture = ImageOps.autocontrast(picture.convert("L"), cutoff=DROPPED).convert("RGB")
    raw, width = picture.tobytes(), picture.width
    pixels = [(raw[at], raw[at + 1], raw[at + 2]) for at in range(0, len(raw), 3)]
    return [pixels[at : at + width] for at in range(0, len(pixels), width)]


@lru_cache(maxsize=1)
def _terminal_palette() -> Image.Image:
    """The 240 colours that every 256-colour terminal shows alike, less those that Rich does not send as they are.

    Left to Rich, each pixel would be rounded channel by channel, and near-greys to greys.
    """
    from PIL import Image
    from rich.color import Color, ColorSystem

    colours = []
    for number in range(16, 256):
        triplet = Color.from_ansi(number).get_truecolor()
        sent = Color.from_triplet(triplet).downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
        if sent == triplet:
            colours.append(triplet)
    flat = [channel for colour in colours for channel in colour]
    image = Image.new("P", (1, 1))
    image.putpalette(flat + flat[-3:] * (256 - len(colours)))
    return image
