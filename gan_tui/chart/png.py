"""A sheet as a PNG, drawn larger and shrunk so that its lines are smooth."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import hypot

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from gan_tui.chart.shapes import Area, Point, Shape, Sheet, Stroke, Words

SCALE = 2
"""Pixels to a point."""
FINER = 2
"""Pixels that are drawn for each that is written, across and down."""
DASH, GAP = 5.0, 4.0
"""In points."""
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
_INSTEAD = str.maketrans({"→": ">", "×": "x", "–": "-", "…": "..."})
"""What Pillow's font does not have."""


def png(sheet: Sheet) -> bytes:
    """The sheet as a file, twice as many pixels as points each way."""
    zoom = SCALE * FINER
    picture = Image.new("RGB", (sheet.width * zoom, sheet.height * zoom), sheet.ground)
    draw = ImageDraw.Draw(picture)
    for shape in sheet.shapes:
        _draw(draw, shape, zoom)
    shrunk = picture.resize((sheet.width * SCALE, sheet.height * SCALE), Image.Resampling.BOX)
    text = PngInfo()
    text.add_text("Title", sheet.title)
    buffer = io.BytesIO()
    shrunk.save(buffer, "PNG", pnginfo=text, optimize=True)
    return buffer.getvalue()


def _draw(draw: ImageDraw.ImageDraw, shape: Shape, zoom: int) -> None:
    match shape:
        case Stroke():
            width = round(shape.width * zoom)
            for piece in _dashes(shape.points) if shape.dashed else [shape.points]:
                draw.line([(x * zoom, y * zoom) for x, y in piece], shape.colour, width, joint="curve")
        case Area():
            draw.polygon([(x * zoom, y * zoom) for x, y in shape.points], fill=shape.colour)
        case Words():
            at = (shape.at[0] * zoom, shape.at[1] * zoom)
            font, text = ImageFont.load_default(shape.size * zoom), shape.text.translate(_INSTEAD)
            stroke = zoom // 4 if shape.bold else 0  # the font has one weight
            anchor = _ANCHORS[shape.anchor]
            draw.text(at, text, shape.colour, font, anchor, stroke_width=stroke, stroke_fill=shape.colour)


def _dashes(points: Sequence[Point]) -> Iterator[list[Point]]:
    """The line in dashes, which go on around its corners."""
    piece, left, drawn = [points[0]], DASH, True
    for (x, y), (to_x, to_y) in pairwise(points):
        length = hypot(to_x - x, to_y - y)
        gone = 0.0
        while length - gone > left:
            gone += left
            corner = (x + (to_x - x) * gone / length, y + (to_y - y) * gone / length)
            if drawn:
                yield [*piece, corner]
            piece, drawn = [corner], not drawn
            left = DASH if drawn else GAP
        left -= length - gone
        piece.append((to_x, to_y))
    if drawn and len(piece) > 1:
        yield piece
