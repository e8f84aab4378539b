"""A picture in half blocks: each cell shows two pixels, one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style

from gan_tui.widgets.pixels import Pixel

UPPER_HALF = "▀"


def half_block_row(upper: Sequence[Pixel], lower: Sequence[Pixel]) -> list[Segment]:
    """One cell row from two pixel rows; equal neighbours share a segment, and so their colour codes."""
    segments: list[Segment] = []
    start = 0
    pairs = list(zip(upper, lower, strict=True))
    for at in range(1, len(pairs) + 1):
        if at < len(pairs) and pairs[at] == pairs[start]:
            continue
        top, bottom = pairs[start]
        char = " " if top == bottom else UPPER_HALF
        segments.append(Segment(char * (at - start), _style(top, bottom)))
        start = at
    return segments


@lru_cache(maxsize=8192)
def _style(top: Pixel, bottom: Pixel) -> Style:
    background = Color.from_triplet(ColorTriplet(*bottom))
    if top == bottom:
        return Style.from_color(None, background)
    return Style.from_color(Color.from_triplet(ColorTriplet(*top)), background)
