"""Lets nothing but ASCII reach the terminal, whatever widget drew it."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from gan_tui.state.ascii_signs import PHRASES, ascii_of

UPPER_HALF = "▀"


class AsciiFilter(LineFilter):
    """Puts ASCII in the place of every other character, cell for cell.

    Half blocks, each of two pixels of a picture, become blanks on the mean of the two: half the height, no sign at all.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments of a line, as wide as they were."""
        return [each if each.text.isascii() else _plain(each) for each in segments]


def _plain(segment: Segment) -> Segment:
    text, style, control = segment
    if style is not None and style.color and style.bgcolor and not text.strip(UPPER_HALF):
        return Segment(" " * len(text), style + Style.from_color(None, _mean(style.color, style.bgcolor)), control)
    return Segment(in_ascii(text), style, control)


@lru_cache(maxsize=4096)
def in_ascii(text: str) -> str:
    """A text with what stands for each of its characters, as wide as it is."""
    for phrase, plain in PHRASES.items():
        text = text.replace(phrase, plain)
    return "".join(ascii_of(char, get_character_cell_size(char)) for char in text)


@lru_cache(maxsize=8192)
def _mean(upper: RichColor, lower: RichColor) -> RichColor:
    return Color.from_rich_color(upper).blend(Color.from_rich_color(lower), 0.5).rich_color
