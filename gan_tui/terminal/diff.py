"""Knows what the terminal is to show and what it has been sent, and writes the cells that differ.

Textual paints whole screens when a dialog opens and several times at start; over a slow link that is seconds. It writes
nothing but cursor positions, styles and text, so a model of the terminal's cells can tell what is new in them. What was
asked for is kept apart from what was sent, so that a terminal which takes nothing for a while is sent the newest screen
then, and none of those in between.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from rich.cells import get_character_cell_size

from gan_tui.terminal.look import Cell, Look, restyled, transition

_TOKENS = re.compile(
    r"\x1b\[(\d+);(\d+)H"  # go to row, column
    r"|\x1b\[([\d;]*)m"  # style
    r"|(\x1b\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]"  # anything else that moves or sets something
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[\x20-\x2f]*[0-OQ-WYZ`-~]"
    r"|[\x00-\x1a\x1c-\x1f\x7f])"
    r"|([^\x00-\x1f\x7f]+)"  # text
)
"""ECMA-48's grammar; what does not match, such as half a sequence, is passed on as it is with all that follows it."""
MARK = "\u00a0"
"""Marks a cell that something is drawn over. It looks like a space, and is nowhere else on a screen."""
_BRIDGE = 4
"""So many unchanged cells between two changed ones are cheaper to write again than to skip."""
_ERASED = 12
"""So many spaces in a row are longer than the two sequences that erase the cells and go past them."""
_STYLES_KEPT = 4096
_SYNC_BEGIN, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
_LEAVE_SCREEN = "\x1b[?1049l"


class TerminalDiff:
    """A model of the terminal's cells that turns what is to be written into what needs to be written.

    ``take`` what is to be written, and ``drain`` what needs to be sent for it.

    Args:
        erases_in_colour: whether erased cells take the background that is set (terminfo's ``bce``), so that spaces can
            be erased instead of written.
    """

    def __init__(self, *, erases_in_colour: bool = False) -> None:
        self.erases_in_colour = erases_in_colour
        self.size: tuple[int, int] | None = None
        """Columns and rows of the terminal; cells outside are not sent. None: not known."""
        self._wanted: defaultdict[int, dict[int, Cell]] = defaultdict(dict)
        self._sent: defaultdict[int, dict[int, Cell]] = defaultdict(dict)
        self._changed: defaultdict[int, set[int]] = defaultdict(set)
        self._urgent: set[int] = set()
        """Rows that go first."""
        self.marks: set[str] = set()
        """The foregrounds of MARKs that have been sent; whoever draws over them takes them out."""
        self._passed: dict[str, None] = {}
        """Control sequences to be sent before any cell; the newest of a kind, in order."""
        self._x, self._y = 0, 0
        self._placed = False
        """Whether the cursor's place is known."""
        self._look = Look()
        self._written_look: Look | None = Look()
        """The look that the terminal is set to; None when it is not known."""
        self._looks: dict[tuple[Look, str], Look] = {}
        self._whole = False
        """Whether the terminal can hold its display still while a frame is written."""

    @property
    def pending(self) -> bool:
        """Whether anything needs to be sent."""
        return bool(self._passed or self._changed)

    @property
    def urgent(self) -> bool:
        """Whether something of it is to go before all else."""
        return bool(self._passed or self._urgent)

    def forget(self) -> None:
        """Assume nothing any more: what is to be shown will be written anew."""
        for rows in (self._wanted, self._sent, self._changed, self._urgent):
            rows.clear()
        self._written_look = None

    def resized(self, size: tuple[int, int]) -> None:
        """Take the terminal's new size: who knows what it shows now, so all of it is sent again."""
        self.size = size
        self._sent.clear()
        for y, row in self._wanted.items():
            self._changed[y] = {x for x, cell in row.items() if cell.char}
        self._written_look = None

    def marked(self, foreground: str) -> list[tuple[int, int]]:
        """Row and column of the MARKs of a foreground that the terminal shows, in order."""
        return sorted(
            (y, x)
            for y, row in self._sent.items()
            for x, cell in row.items()
            if cell.char == MARK and cell.look.foreground == foreground
        )

    def soil(self, x: int, y: int, width: int, height: int) -> None:
        """Others have drawn over these cells: they are sent again."""
        for line in range(y, y + height):
            sent, wanted = self._sent[line], self._wanted[line]
            for column in range(x, x + width):
                sent.pop(column, None)
                if column in wanted:
                    self._changed[line].add(column if wanted[column].char else column - 1)

    def take(self, data: str, *, urgent: bool = False) -> None:
        """Note that the terminal is to look as if ``data`` had been written; ``urgent``: ahead of what waits."""
        before = (self._x, self._y, self._look) if self._placed else None
        known = self._placed or self._written_look is not None
        look = self._look
        end = 0
        for match in _TOKENS.finditer(data):
            if match.start() != end:
                break
            row, column, style, other, text = match.groups()
            if row is not None:
                self._y, self._x, self._placed = int(row) - 1, int(column) - 1, True
            elif style is not None:
                self._look = self._restyled(style)
            elif other is not None and _harmless(other):
                self._pass(other)
            elif not self._placed or other not in (None, "\n"):
                break
            elif text is not None:
                self._put(text, urgent)
            else:
                self._y, self._x = self._y + 1, 0  # Textual ends lines so, and then goes to the next one's place anyway
            end = match.end()
        if end != len(data):
            self._give_up(data, before, look if known else None)

    def drain(self, limit: int | None = None) -> str:
        """What to send now; with a limit, whole runs of cells until they are more characters than that."""
        out = list(self._passed)
        self._passed.clear()
        cells: list[str] = []
        self._send_rows(sorted(self._urgent), cells, limit)
        self._send_rows(sorted(self._changed), cells, limit)
        if not cells:
            return "".join(out)
        if self._whole and limit is None:
            cells = [_SYNC_BEGIN, *cells, _SYNC_END]
        return "".join(out + cells)

    # ------------------------------------------------------------------------------------------------ what is wanted

    def _pass(self, sequence: str) -> None:
        if sequence in (_SYNC_BEGIN, _SYNC_END):
            self._whole = True  # frames are put together here, so it is here that they are enclosed
            return
        self._passed.pop(sequence, None)
        self._passed[sequence] = None

    def _give_up(self, data: str, place: tuple[int, int, Look] | None, look: Look | None) -> None:
        """Write all of the data as it is, after what waits: it holds something this model does not know."""
        waiting = "" if _LEAVE_SCREEN in data else self.drain()
        where = "" if place is None else f"\x1b[{place[1] + 1};{place[0] + 1}H"
        style = "" if look is None or self._written_look == look else transition(None, look)
        self.forget()
        self._passed = dict.fromkeys([*self._passed, f"{waiting}{where}{style}{data}"])
        self._placed = False
        self._look = Look()  # Textual ends whatever it styles with a reset

    def _put(self, text: str, urgent: bool) -> None:
        y, x, look = self._y, self._x, self._look
        row, sent, changed = self._wanted[y], self._sent[y], self._changed[y]
        blank = Cell(" ", Look("", "", look.background)) if look.plain else Cell(" ", look)
        for char in text:
            cell = blank if char == " " else Cell(char, look)
            width = 1 if char < "\u0300" else get_character_cell_size(char)
            if width == 0:
                if x - 1 not in row:
                    continue
                x, cell = x - 1, Cell(row[x - 1].char + char, look)
            row[x] = cell
            if sent.get(x) != cell:
                changed.add(x)
            else:
                changed.discard(x)
            if width == 2:
                row[x + 1] = Cell("", look)
                changed.discard(x + 1)
            x += width or 1
        self._x = x
        if not changed:
            del self._changed[y]
            self._urgent.discard(y)
        elif urgent:
            self._urgent.add(y)

    def _restyled(self, parameters: str) -> Look:
        key = (self._look, parameters)
        known = self._looks.get(key)
        if known is None:
            if len(self._looks) >= _STYLES_KEPT:
                self._looks.clear()
            known = self._looks[key] = restyled(self._look, parameters)
        return known

    # --------------------------------------------------------------------------------------------------- what is sent

    def _send_rows(self, rows: Iterable[int], out: list[str], limit: int | None) -> None:
        for y in rows:
            if limit is not None and sum(map(len, out)) >= limit:
                return
            if self.size is None or y < self.size[1]:
                self._send_row(y, out)
            self._changed.pop(y, None)
            self._urgent.discard(y)

    def _send_row(self, y: int, out: list[str]) -> None:
        row, sent = self._wanted[y], self._sent[y]
        width = self.size[0] if self.size else None
        at = None
        erased = 0
        for x in sorted(self._changed.get(y, ())):
            if width is not None and x >= width:
                break
            if x < erased:
                continue
            if at is None or x > at + _BRIDGE or any(gap not in row for gap in range(at, x)):
                out.append(f"\x1b[{y + 1};{x + 1}H")
                at = x
            for place in range(at, x):
                self._send_cell(out, row[place])
                sent[place] = row[place]
            if self.erases_in_colour and (blanks := _blanks(row, x, width)) >= _ERASED:
                self._send_look(out, row[x])
                out.append(f"\x1b[{blanks}X")
                erased, at = x + blanks, None
                sent.update((place, row[place]) for place in range(x, erased))
                continue
            self._send_cell(out, row[x])
            sent[x] = row[x]
            if (half := row.get(x + 1)) is not None and not half.char:
                sent[x + 1] = half
            at = x + 1

    def _send_cell(self, out: list[str], cell: Cell) -> None:
        self._send_look(out, cell)
        if cell.char == MARK:
            self.marks.add(cell.look.foreground)
        out.append(cell.char)

    def _send_look(self, out: list[str], cell: Cell) -> None:
        look, written = cell.look, self._written_look
        if cell.char == " " and written is not None and look.plain and written.plain:
            look = written._replace(background=look.background)
        if look != written:
            out.append(transition(written, look))
            self._written_look = look


def _blanks(row: Mapping[int, Cell], x: int, width: int | None) -> int:
    """How many cells from there show one background alone."""
    first = row[x]
    if first.char != " " or not first.look.plain:
        return 0
    end = x + 1
    while row.get(end) == first and (width is None or end < width):
        end += 1
    return end - x


def _harmless(sequence: str) -> bool:
    """Whether a control sequence has to do with no cell: bell, modes, queries, titles; no link, no other screen."""
    if sequence == "\x07" or sequence.startswith("\x1b]"):
        return not sequence.startswith("\x1b]8;")
    return sequence.startswith(("\x1b[?", "\x1b[>", "\x1b[=", "\x1b[<")) and "1049" not in sequence
