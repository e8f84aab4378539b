"""A picture in characters: half-blocks, where each cell shows two pixels, or what poorer terminals can show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import assert_never

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style

from gan_tui.state.imaging import Cells
from gan_tui.widgets.pixels import Pixel

UPPER_HALF = "▀"
SHADES = " ░▒▓█"
ASCII = " .:-=+*#%@"


def cell_row(upper: Sequence[Pixel], lower: Sequence[Pixel], cells: Cells, ground: Style) -> list[Segment]:
    """One cell row from two pixel rows, whatever cells can show here.

    Args:
        upper: the pixels of the upper half.
        lower: those of the lower half.
        cells: what a cell shows.
        ground: the style of what lies around the picture; without colours the bright parts of a picture are ink on a
            dark ground, and the dark ones on a bright one.
    """
    match cells:
        case "half":
            return half_block_row(upper, lower)
        case "blocks":
            mean = [_mean(top, bottom) for top, bottom in zip(upper, lower, strict=True)]
            return half_block_row(mean, mean)
        case "shades" | "ascii":
            ramp = SHADES if cells == "shades" else ASCII
            if _is_bright(ground):
                ramp = ramp[::-1]
            inks = (ramp[_brightness(*pair) * len(ramp) // 256] for pair in zip(upper, lower, strict=True))
            return [Segment("".join(inks), ground)]
        case _:
            assert_never(cells)


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


def _mean(one: Pixel, other: Pixel) -> Pixel:
    return (one[0] + other[0]) // 2, (one[1] + other[1]) // 2, (one[2] + other[2]) // 2


def _brightness(top: Pixel, bottom: Pixel) -> int:
    """Of two pixels together, 0 to 255, as ITU-R BT.601 weighs the colours."""
    red, green, blue = _mean(top, bottom)
    return (299 * red + 587 * green + 114 * blue) // 1000


def _is_bright(ground: Style) -> bool:
    colour = ground.bgcolor
    if colour is None or colour.triplet is None:
        return False
    pixel = (colour.triplet.red, colour.triplet.green, colour.triplet.blue)
    return _brightness(pixel, pixel) > 127
