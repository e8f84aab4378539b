"""A picture on a terminal that no application has: printed once, in half-blocks or what the terminal can show."""

from __future__ import annotations

import os
import sys
from pathlib import Path

MOST_COLUMNS = 160
"""Of cells that a picture takes: a sheet of three at 53x53 pixels each, as a half-block is two pixels."""


def show_picture(path: Path) -> None:
    """Print an image file on stdout, as large as the terminal holds it; where pictures are off, nothing.

    Raises:
        OSError: the file is gone, or is no picture.
        RequestError: the user's file says what cannot be.
    """
    from PIL import Image
    from rich.console import Console
    from rich.segment import Segment, Segments
    from rich.style import Style

    from gan_tui.cli.appearance_options import appearance_from
    from gan_tui.widgets.picture import cell_row
    from gan_tui.widgets.pixels import pixel_rows

    imaging = appearance_from(os.environ).imaging
    if imaging.protocol == "off":
        return
    console = Console(file=sys.stdout)
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (4 * MOST_COLUMNS, 4 * MOST_COLUMNS))  # a large JPEG is not decoded whole
            picture = opened.convert("RGB")
    except Image.DecompressionBombError:  # a sheet of large pictures: it is written, which is what was asked for
        return
    columns, rows = fitted(picture.size, min(console.width, MOST_COLUMNS), console.height - 3)
    pixels = pixel_rows(picture.resize((columns, 2 * rows), Image.Resampling.LANCZOS), imaging.palette)
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        console.print(Segments([*cell_row(upper, lower, imaging.cells, Style()), Segment.line()]), end="")


def fitted(size: tuple[int, int], columns: int, rows: int) -> tuple[int, int]:
    """Columns and rows of cells for a picture of that size in pixels: as many as fit, and its aspect.

    A cell is twice as high as it is wide.
    """
    width, height = size
    share = min(columns / width, 2 * rows / height)
    return max(1, round(width * share)), max(1, round(height * share / 2))
