"""Pictures as pixels: what a terminal is sent besides text, and the text that says where they lie.

To Textual a picture is text: cells with a placeholder, in a colour that is the picture's number. So panes, dialogs and
the model of the terminal's cells know nothing of pixels.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gan_tui.state.imaging import Images, Imaging, imaging

if TYPE_CHECKING:
    from PIL import Image

USUAL_CELL = (8, 16)
"""Pixels of a cell, where the terminal does not say."""


class Encoded(NamedTuple):
    """A picture as the terminal is sent it."""

    data: str
    columns: int
    rows: int


class ScreenCell(NamedTuple):
    """What a cell of the terminal shows."""

    x: int
    y: int
    char: str
    foreground: str
    """As in a style sequence: 38;2;1;2;3."""


class ShownCells(Protocol):
    """The cells of the terminal, as far as they are known."""

    def just_written(self) -> Iterator[ScreenCell]:
        """Those that the newest frame wrote."""

    def known(self) -> Iterator[ScreenCell]:
        """All of them."""


class TerminalPictures(Protocol):
    """The pictures of one terminal."""

    def encode(self, picture: Image.Image, columns: int, rows: int) -> Encoded:
        """A picture for so many cells. Slow, and safe in any thread."""

    def put(self, slot: str, encoded: Encoded) -> int:
        """Show a picture in a slot of that name instead of the one before; returns its number."""

    def drop(self, slots: Iterable[str]) -> None:
        """Show nothing in these slots any more."""

    def cells(self, columns: int, row: int) -> list[str]:
        """The text of a row of a picture's cells; each string is to be a segment of its own."""

    def before_frame(self) -> str:
        """What is to be written before the next frame."""

    def after_frame(self, screen: ShownCells) -> str:
        """What is to be written after a frame, now that these cells are on the screen."""

    def forget(self) -> None:
        """Assume that the terminal has none of them any more."""

    def farewell(self) -> str:
        """What leaves the terminal without any."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How pictures are drawn, and what draws those that the terminal draws itself."""

    imaging: Imaging = field(default_factory=Imaging)
    pictures: TerminalPictures | None = None


def drawing_here(asked: Images) -> Drawing:
    """How pictures are drawn on this process's terminal; to be called before Textual is imported.

    Textual looks for the terminal's colours in the environment, once, and finds fewer than there are behind ssh.
    """
    chosen = imaging(asked, os.environ)
    if chosen.color_system:
        os.environ["TEXTUAL_COLOR_SYSTEM"] = chosen.color_system
    match chosen.protocol:
        case "kitty":
            from gan_tui.kitty import KittyPictures

            return Drawing(imaging=chosen, pictures=KittyPictures(cell_size(sys.stdout.fileno())))
        case "sixel":
            from gan_tui.sixel import SixelPictures

            return Drawing(imaging=chosen, pictures=SixelPictures(cell_size(sys.stdout.fileno())))
        case _:
            return Drawing(imaging=chosen)


def colour_of(number: int) -> tuple[int, int, int]:
    """The colour that is a picture's number."""
    return number >> 16 & 255, number >> 8 & 255, number & 255


def number_of(foreground: str) -> int | None:
    """The picture's number that a style's colour is, if it is one."""
    parts = foreground.split(";")
    if len(parts) != 5 or parts[:2] != ["38", "2"]:
        return None
    red, green, blue = (int(part) for part in parts[2:])
    return red << 16 | green << 8 | blue


def cell_size(descriptor: int) -> tuple[int, int]:
    """Pixels across and down of a terminal's cell."""
    try:
        answer = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return USUAL_CELL
    rows, columns, width, height = struct.unpack("HHHH", answer)
    found = (width // columns, height // rows) if rows and columns else (0, 0)
    return found if min(found) >= 4 else USUAL_CELL
