"""Writes only the cells that differ from those on the terminal, with as few colour codes as they need.

Textual paints whole screens when a dialog opens and several times at start; over a slow link that is seconds. It writes
nothing but cursor positions, styles and text, so a model of the terminal's cells can tell what is new in them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import get_character_cell_size
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from gan_tui.terminal_pictures import ScreenCell, TerminalPictures

_TOKENS = re.compile(
    r"\x1b\[(\d+);(\d+)H"  # go to row, column
    r"|\x1b\[([\d;]*)m"  # style
    r"|(\x1b\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]"  # anything else that moves or sets something
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[\x20-\x2f]*[0-OQ-WYZ`-~]"
    r"|[\x00-\x1a\x1c-\x1f\x7f])"
    r"|([^\x00-\x1f\x7f]+)"  # text
)
"""ECMA-48's grammar; what does not match, such as half a sequence, is passed on as it is with all that follows it."""
_BRIDGE = 4
"""So many unchanged cells between two changed ones are cheaper to write again than to skip."""
_STYLES_KEPT = 4096


class Look(NamedTuple):
    """A style: the parameters that set attributes, foreground and background."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""


class Cell(NamedTuple):
    """What a terminal cell shows; the right half of a wide character shows ""."""

    char: str
    look: Look


class TerminalDiff:
    """A model of the terminal's cells that turns what is to be written into what needs to be written."""

    def __init__(self) -> None:
        self._rows: defaultdict[int, dict[int, Cell]] = defaultdict(dict)
        self._changed: defaultdict[int, set[int]] = defaultdict(set)
        self._written: list[tuple[int, int]] = []
        """Row and column of what the newest call found changed."""
        self._x, self._y = 0, 0
        self._placed = False
        """Whether the cursor's place is known."""
        self._look = Look()
        self._written_look: Look | None = Look()
        """The look that the terminal is set to; None when it is not known."""
        self._looks: dict[tuple[Look, str], Look] = {}

    def forget(self) -> None:
        """Assume nothing about the terminal any more: it was resized, or others have written to it."""
        self._rows.clear()
        self._changed.clear()
        self._written_look = None

    def thin(self, data: str) -> str:
        """What to write so that the terminal looks as if ``data`` had been written."""
        out: list[str] = []
        self._written.clear()
        raw = self._catching_up() + data
        end = 0
        for match in _TOKENS.finditer(data):
            if match.start() != end:
                return self._give_up(raw)
            end = match.end()
            row, column, style, other, text = match.groups()
            if row is not None:
                self._y, self._x, self._placed = int(row) - 1, int(column) - 1, True
            elif style is not None:
                self._look = self._restyled(style)
            elif other is not None and _harmless(other):
                out.append(self._flush())
                out.append(other)
            elif not self._placed or other not in (None, "\n"):
                return self._give_up(raw)
            elif text is not None:
                self._put(text)
            else:
                self._y, self._x = self._y + 1, 0  # Textual ends lines so, and then goes to the next one's place anyway
        if end != len(data):
            return self._give_up(raw)
        out.append(self._flush())
        return "".join(out)

    def just_written(self) -> Iterator[ScreenCell]:
        """See ShownCells."""
        return (_seen(x, y, self._rows[y][x]) for y, x in self._written if x in self._rows[y])

    def known(self) -> Iterator[ScreenCell]:
        """See ShownCells."""
        return (_seen(x, y, cell) for y, row in self._rows.items() for x, cell in row.items())

    def _catching_up(self) -> str:
        """What puts the terminal's cursor and style where they would be, had everything been written."""
        if not self._placed and self._written_look is None:
            return ""  # what was written last is as it was to be
        place = f"\x1b[{self._y + 1};{self._x + 1}H" if self._placed else ""
        return place if self._written_look == self._look else place + _transition(None, self._look)

    def _give_up(self, raw: str) -> str:
        """Write all of it as it is: it holds something this model does not know."""
        self.forget()
        self._placed = False
        self._look = Look()  # Textual ends whatever it styles with a reset
        return raw

    def _put(self, text: str) -> None:
        row, changed = self._rows[self._y], self._changed[self._y]
        x, look = self._x, self._look
        blank = Cell(" ", Look("", "", look.background)) if _plain(look) else Cell(" ", look)
        for char, width in _characters(text):
            cell = blank if char == " " else Cell(char, look)
            if width == 0:
                row[x - 1] = Cell(row[x - 1].char + char, look) if x - 1 in row else cell
                changed.add(x - 1)
                continue
            if row.get(x) != cell:
                row[x] = cell
                changed.add(x)
            if width == 2:
                row[x + 1] = Cell("", look)
            x += width
        self._x = x

    def _flush(self) -> str:
        out: list[str] = []
        for y in sorted(self._changed):
            row = self._rows[y]
            at = None
            self._written += [(y, x) for x in self._changed[y]]
            for x in sorted(self._changed[y]):
                if at is None or x > at + _BRIDGE or any(gap not in row for gap in range(at, x)):
                    out.append(f"\x1b[{y + 1};{x + 1}H")
                    at = x
                for place in range(at, x + 1):
                    self._write_cell(out, row[place])
                at = max(at, x + 1)
        self._changed.clear()
        return "".join(out)

    def _write_cell(self, out: list[str], cell: Cell) -> None:
        look, written = cell.look, self._written_look
        if cell.char == " " and written is not None and _plain(look) and _plain(written):
            look = written._replace(background=look.background)
        if look != written:
            out.append(_transition(written, look))
            self._written_look = look
        out.append(cell.char)

    def _restyled(self, parameters: str) -> Look:
        key = (self._look, parameters)
        known = self._looks.get(key)
        if known is None:
            if len(self._looks) >= _STYLES_KEPT:
                self._looks.clear()
            known = self._looks[key] = _applied(self._look, parameters)
        return known


class ThriftyDriver(LinuxDriver):
    """Textual's driver for POSIX terminals, with everything written thinned out."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        self._diff = TerminalDiff()
        self._drawn_size: tuple[int, int] | None = None
        self._pictures: TerminalPictures | None = None
        super().__init__(app, debug=debug, mouse=mouse, size=size)

    def write(self, data: str) -> None:
        """Write what is new in the data.

        A terminal of another size than at the last writing shows who knows what. It is asked here, where it matters:
        Textual learns of a new size by a signal or in the input, depending on the terminal.
        """
        size = self._get_terminal_size()
        if size != self._drawn_size:
            self._drawn_size = size
            self._diff.forget()
        if self._pictures is not None and (sent := self._pictures.before_frame()):
            super().write(sent)
        if thinned := self._diff.thin(data):
            super().write(thinned)
        if self._pictures is not None and (sent := self._pictures.after_frame(self._diff)):
            super().write(sent)

    def draw(self, pictures: TerminalPictures) -> None:
        """Write these pictures' bytes around those of the frames whose cells they lie on."""
        self._pictures = pictures

    def stop_application_mode(self) -> None:
        """Leave the terminal as it was found, without pictures."""
        if self._pictures is not None and (sent := self._pictures.farewell()):
            super().write(sent)
        super().stop_application_mode()

    def start_application_mode(self) -> None:
        """Begin, or go on after a suspension, and after a SIGSTOP, which announces none.

        Then the thread that reads keys is still there. Of two such threads one would wait for ever for what the other
        has read, and the end of the application for it.
        """
        if self._key_thread is not None and self._key_thread.is_alive():
            self.exit_event.set()
            self._key_thread.join()
            self.exit_event.clear()
        self._diff.forget()
        if self._pictures is not None:
            self._pictures.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]


def _characters(text: str) -> Iterator[tuple[str, int]]:
    """Characters with what combines with them, and their widths; what combines with text before this has none."""
    if text.isascii():
        yield from ((char, 1) for char in text)
        return
    begun, width = "", 0
    for char in text:
        own = 1 if char < "\u0300" else get_character_cell_size(char)
        if own == 0 and begun:
            begun += char
            continue
        if begun:
            yield begun, width
        begun, width = char, own
    if begun:
        yield begun, width


def _seen(x: int, y: int, cell: Cell) -> ScreenCell:
    return ScreenCell(x, y, cell.char, cell.look.foreground)


def _plain(look: Look) -> bool:
    """Whether a space in this look shows its background alone: neither reversed nor with any line."""
    return not look.attributes or not {"4", "7", "9", "21", "53"} & set(look.attributes.split(";"))


def _harmless(sequence: str) -> bool:
    """Whether a control sequence leaves the cells as they are: modes, queries, titles; not a switch of screens."""
    if sequence.startswith("\x1b]"):
        return True
    return sequence.startswith(("\x1b[?", "\x1b[>", "\x1b[=", "\x1b[<")) and "1049" not in sequence


def _applied(look: Look, parameters: str) -> Look:
    attributes, foreground, background = look
    codes = iter(parameters.split(";"))
    for code in codes:
        if code in ("", "0"):
            attributes = foreground = background = ""
        elif code in ("38", "48"):
            kind = next(codes, "")
            rest = [next(codes, "") for _ in range(3 if kind == "2" else 1)]
            colour = ";".join([code, kind, *rest])
            foreground, background = (colour, background) if code == "38" else (foreground, colour)
        elif code[0] in "39" and len(code) == 2:
            foreground = "" if code == "39" else code
        elif (code[0] == "4" and len(code) == 2) or code.startswith("10"):
            background = "" if code == "49" else code
        else:
            attributes = f"{attributes};{code}" if attributes else code
    return Look(attributes, foreground, background)


def _transition(before: Look | None, after: Look) -> str:
    """The shortest style sequence from one look to another."""
    removed = before is None or before.attributes != after.attributes
    if (
        before is None
        or removed
        or (before.foreground and not after.foreground)
        or (before.background and not after.background)
    ):
        parts = ["", after.attributes, after.foreground, after.background]
        return "\x1b[" + ";".join([parts[0], *(part for part in parts[1:] if part)]) + "m"
    parts = [new for old, new in zip(before[1:], after[1:], strict=True) if old != new]
    return "\x1b[" + ";".join(parts) + "m"
