"""Pictures as sixels, the pixel graphics of DEC's VT340, which xterm, foot, WezTerm, iTerm2 and others draw.

Sixels are pixels over cells: text that is written there later wipes them out. So a picture's cells hold a mark, and
whenever all or some of them have been sent, and all are there, the picture is drawn again over them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gan_tui.terminal.diff import MARK, TerminalDiff
from gan_tui.terminal.pictures import Encoded, number_of

if TYPE_CHECKING:
    from PIL import Image

COLOURS = 128
"""Registers of a picture; xterm's VT340 mode has 256 to share among those on the screen."""
BAND = 6
"""Rows of pixels in one sixel."""


class SixelPictures:
    """Implements gan_tui.terminal.pictures.TerminalPictures."""

    def __init__(self, cell: tuple[int, int]) -> None:
        """``cell`` is the size of one in pixels."""
        self._cell = cell
        self._slots: dict[str, tuple[int, Encoded]] = {}
        """Never changed but replaced: two threads look at it."""
        self._newest = 0

    def encode(self, picture: Image.Image, columns: int, rows: int) -> Encoded:
        """In the size of its cells, and square, whatever their shape."""
        from PIL import Image

        width, height = columns * self._cell[0], rows * self._cell[1]
        side = min(width, height)
        growing = picture.width < side
        return Encoded(
            sixels(picture.resize((side, side), Image.Resampling.NEAREST if growing else Image.Resampling.BOX)),
            columns,
            rows,
        )

    def put(self, slot: str, encoded: Encoded) -> int:
        """See TerminalPictures. Another number changes the cells: the frame draws them, and the picture follows."""
        number, before = self._slots.get(slot, (0, None))
        if before != encoded:
            self._newest = number = self._newest + 1
            self._slots = {**self._slots, slot: (number, encoded)}
        return number

    def drop(self, slots: Iterable[str]) -> None:
        """See TerminalPictures; whatever text comes to lie there wipes the pixels out."""
        gone = set(slots)
        self._slots = {slot: shown for slot, shown in self._slots.items() if slot not in gone}

    def cells(self, columns: int, row: int) -> list[str]:
        """A row of marks; the picture's place is found by where they are."""
        return [MARK * columns]

    def restore(self) -> None:
        """Nothing: the text comes again, and the pictures with it."""

    def farewell(self) -> str:
        """Nothing: the screen that they are on goes."""
        return ""

    def overlay(self, screen: TerminalDiff) -> bytes:
        """The next picture that is to be drawn: some of its cells have just been sent, and all of them are there.

        Called by the writer's thread.
        """
        pictures = dict(self._slots.values())
        while screen.marks:
            foreground = screen.marks.pop()
            encoded = pictures.get(number_of(foreground))
            places = screen.marked(foreground) if encoded is not None else []
            if encoded is not None and len(places) == encoded.columns * encoded.rows:
                top, left = places[0]
                return f"\x1b7\x1b[{top + 1};{left + 1}H{encoded.data}\x1b8".encode()
        return b""


def sixels(picture: Image.Image) -> str:
    """A picture as one sequence: its colours, then band after band, each colour of a band over the others."""
    import numpy as np

    reduced = picture.quantize(COLOURS)
    indices = np.asarray(reduced)
    height, width = indices.shape
    palette = reduced.getpalette() or []
    used = [int(number) for number in np.unique(indices)]
    registers = "".join(
        f"#{number};2;" + ";".join(str(round(channel / 2.55)) for channel in palette[3 * number : 3 * number + 3])
        for number in used
    )
    bands = []
    for top in range(0, height, BAND):
        band = indices[top : top + BAND]
        weights = (1 << np.arange(len(band), dtype=np.uint8))[:, None]
        lines = []
        for number in np.unique(band):
            bits = ((band == number) * weights).sum(axis=0).astype(np.uint8) + 63
            lines.append(f"#{number}{_packed(bits.tobytes().decode('ascii'))}")
        bands.append("$".join(lines))
    return f'\x1bP0;1;0q"1;1;{width};{height}{registers}{"-".join(bands)}\x1b\\'


def _packed(line: str) -> str:
    """Runs of more than three as a count; empty ends left out."""
    return re.sub(r"(.)\1{3,}", lambda run: f"!{len(run[0])}{run[1]}", line.rstrip("?"))
