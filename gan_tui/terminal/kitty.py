"""Pictures by kitty's graphics protocol: sent once, and placed by Unicode placeholders that Textual draws as text.

The protocol: https://sw.kovidgoyal.net/kitty/graphics-protocol/ ("Unicode placeholders"). The terminal is told not to
answer (q=2): answers would come as key presses.
"""

from __future__ import annotations

import io
import os
from base64 import b64encode
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gan_tui.state.outlet import Outlet
from gan_tui.terminal.pictures import Encoded

if TYPE_CHECKING:
    from PIL import Image

PLACEHOLDER = "\U0010eeee"
CHUNK = 4096
"""Bytes of base64 in one sequence at most."""
SLOTS = 128
"""How many pictures there can be at a time; each has two numbers in turn."""

# The protocol's 297 marks for rows and columns, in order: combining characters of class 230 that compose with nothing.
_MARKS = (
    "0305 030D-030E 0310 0312 033D-033F 0346 034A-034C 0350-0352 0357 035B 0363-036F 0483-0487 0592-0595 0597-0599 "
    "059C-05A1 05A8-05A9 05AB-05AC 05AF 05C4 0610-0617 0657-065B 065D-065E 06D6-06DC 06DF-06E2 06E4 06E7-06E8 06EB "
    "06EC 0730 0732-0733 0735-0736 073A 073D 073F-0741 0743 0745 0747 0749-074A 07EB-07F1 07F3 0816-0819 081B-0823 "
    "0825-0827 0829-082D 0951 0953-0954 0F82-0F83 0F86-0F87 135D-135F 17DD 193A 1A17 1A75-1A7C 1B6B 1B6D-1B73 "
    "1CD0-1CD2 1CDA-1CDB 1CE0 1DC0-1DC1 1DC3-1DC9 1DCB-1DCC 1DD1-1DE6 1DFE 20D0-20D1 20D4-20D7 20DB-20DC 20E1 20E7 "
    "20E9 20F0 2CEF-2CF1 2DE0-2DFF A66F A67C-A67D A6F0-A6F1 A8E0-A8F1 AAB0 AAB2-AAB3 AAB7-AAB8 AABE-AABF AAC1 "
    "FE20-FE26 10A0F 10A38 1D185-1D189 1D1AA-1D1AD 1D242-1D244"
)


def _marks() -> list[str]:
    ends = [[int(end, 16) for end in part.split("-")] for part in _MARKS.split()]
    return [chr(code) for first, *last in ends for code in range(first, (last or [first])[0] + 1)]


MARKS = _marks()


class KittyPictures:
    """Implements gan_tui.terminal.pictures.TerminalPictures.

    A slot's pictures have two numbers in turn: the one on the screen stays until the cells that show it are written
    anew, so that nothing flickers. A picture goes when no text waits, before or after its placeholders, which the
    terminal takes in either order: so keys are answered first, and one that is not wanted any more never goes.
    """

    def __init__(self, outlet: Outlet, cell: tuple[int, int], process: int | None = None) -> None:
        """Send nothing yet.

        Args:
            outlet: the way to the terminal.
            cell: pixels of a cell, across and down.
            process: keeps the numbers of two viewers in one window apart; None: this one's.
        """
        self._outlet = outlet
        self._cell = cell
        self._first = 0x100000 | ((os.getpid() if process is None else process) & 0xFFF) << 8
        self._places: dict[str, int] = {}
        self._shown: dict[str, tuple[int, Encoded]] = {}
        """Number and picture of each slot."""

    def encode(self, picture: Image.Image, columns: int, rows: int) -> Encoded:
        """As a PNG of 256 colours, half the bytes of one with all; not larger than the picture or its cells."""
        side = min(picture.width, columns * self._cell[0], rows * self._cell[1])
        reduced = picture.resize((side, side)) if side < picture.width else picture
        buffer = io.BytesIO()
        reduced.quantize(256).save(buffer, "PNG", optimize=True)
        return Encoded(b64encode(buffer.getvalue()).decode(), columns, rows)

    def put(self, slot: str, encoded: Encoded) -> int:
        """See TerminalPictures. A picture that is there already is not sent again."""
        number, before = self._shown.get(slot, (None, None))
        if number is not None and before == encoded:
            return number
        place = self._places.setdefault(slot, self._free_place())
        first = self._first + 2 * place
        number = first + 1 if number == first else first
        self._shown[slot] = (number, encoded)
        self._outlet.after_frame(_key(place), _transmission(number, encoded).encode())
        return number

    def drop(self, slots: Iterable[str]) -> None:
        """See TerminalPictures."""
        for slot in slots:
            place = self._places.pop(slot, None)
            if place is not None:
                self._shown.pop(slot, None)
                self._outlet.after_frame(_key(place), self._deletion(place).encode())

    def cells(self, columns: int, row: int) -> list[str]:
        """Each with the marks of its row and column: what a dialog leaves of a picture still shows the right part."""
        return [PLACEHOLDER + MARKS[row] + MARKS[column] for column in range(columns)]

    def restore(self) -> None:
        """See TerminalPictures."""
        for slot, (number, encoded) in self._shown.items():
            self._outlet.after_frame(_key(self._places[slot]), _transmission(number, encoded).encode())

    def farewell(self) -> str:
        """See TerminalPictures; what has not gone yet never goes."""
        places = sorted(self._places.values())
        for place in places:
            self._outlet.after_frame(_key(place))
        return "".join(map(self._deletion, places))

    def _deletion(self, place: int) -> str:
        """Of both numbers of a slot; the terminal minds no picture that it does not have."""
        numbers = (self._first + 2 * place, self._first + 2 * place + 1)
        return "".join(f"\x1b_Ga=d,d=I,q=2,i={number}\x1b\\" for number in numbers)

    def _free_place(self) -> int:
        taken = set(self._places.values())
        return next(place for place in range(SLOTS) if place not in taken)


def _key(place: int) -> str:
    return f"kitty {place}"


def _transmission(number: int, encoded: Encoded) -> str:
    """One picture, whole: other pictures may not come between its chunks."""
    control = f"a=T,U=1,q=2,f=100,i={number},c={encoded.columns},r={encoded.rows}"
    chunks = [encoded.data[at : at + CHUNK] for at in range(0, len(encoded.data), CHUNK)]
    parts = []
    for place, chunk in enumerate(chunks):
        more = f"m={int(place + 1 < len(chunks))}"
        parts.append(f"\x1b_G{control if not place else 'q=2'},{more};{chunk}\x1b\\")
    return "".join(parts)
