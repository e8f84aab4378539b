"""Pictures as pixels: what a terminal is sent besides text, and the text that says where they lie.

To Textual a picture is text: cells with a placeholder, in a colour that is the picture's number. So panes, dialogs and
the model of the terminal's cells know nothing of pixels.
"""

from __future__ import annotations

import fcntl
import struct
import sys
import termios
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gan_tui.state.imaging import Imaging

if TYPE_CHECKING:
    from PIL import Image

    from gan_tui.terminal.writer import FrameWriter

USUAL_CELL = (8, 16)
"""Pixels of a cell, where the terminal does not say."""


class Encoded(NamedTuple):
    """A picture as the terminal is sent it."""

    data: str
    columns: int
    rows: int


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

    def restore(self) -> None:
        """The terminal may have lost all of them: send again what is shown."""

    def farewell(self) -> str:
        """What leaves the terminal without any."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How pictures are drawn, and what draws those that the terminal draws itself."""

    imaging: Imaging = field(default_factory=Imaging)
    pictures: TerminalPictures | None = None


def drawing_on(terminal: FrameWriter, imaging: Imaging) -> Drawing:
    """How pictures are drawn on this process's terminal, in the way that has been chosen for it."""
    match imaging.protocol:
        case "kitty":
            from gan_tui.terminal.kitty import KittyPictures

            return Drawing(imaging=imaging, pictures=KittyPictures(terminal, cell_size(sys.stdout.fileno())))
        case "sixel":
            from gan_tui.terminal.sixel import SixelPictures

            sixels = SixelPictures(cell_size(sys.stdout.fileno()))
            terminal.overlay = sixels.overlay
            return Drawing(imaging=imaging, pictures=sixels)
        case _:
            return Drawing(imaging=imaging)


def colour_of(number: int) -> tuple[int, int, int]:
    """The colour that is a picture's number."""
    return number >> 16 & 255, number >> 8 & 255, number & 255


def number_of(foreground: str) -> int:
    """The picture's number that a style's colour is, such as 38;2;0;1;7; 0 where it is none."""
    parts = foreground.split(";")
    if len(parts) != 5 or parts[:2] != ["38", "2"]:
        return 0
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
