"""Before and after a nudge: what the networks made of the same images, side by side, and what was changed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from engine.protocol.events import Sampled
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.following import FollowingScreen
from gan_tui.screens.worded import worded
from gan_tui.state.gallery import REAL, spoken
from gan_tui.state.nudge_sheets import BeforeAfter, before_after, nudges_of
from gan_tui.state.plain_text import printable
from gan_tui.state.run_view import RunView
from gan_tui.terminal.pictures import Drawing
from gan_tui.widgets.arrangement import LARGEST_AREA
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.picture_grid import Exhibit, Named, PictureGrid
from gan_tui.widgets.plot_painter import SYMBOLS
from gan_tui.widgets.samples import exhibit_of

KEYS = (
    "{before-after-older|,} {before-after-newer|.} sheet after · "
    "{before-after-nudge-previous|[} {before-after-nudge-next|]} nudge · "
    "{before-after-next|n} {before-after-previous|N} picture · {before-after-close|Esc} back"
)
ROWS = 4
"""What is said takes no more of them; as in the style sheet."""
AREA = 2 * LARGEST_AREA
"""Cells of all pictures together; another sheet changes a third of them."""


class BeforeAfterScreen(Dialog[None], FollowingScreen[None]):
    """Goes through the nudges, the sheets after one, and the pictures of a row."""

    CSS_PATH = "before_after.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,b,enter", "dismiss(None)", "back", id="before-after-close", show=False),
        Binding("comma,less_than_sign", "browse(-1)", "earlier sheet after it", id="before-after-older", show=False),
        Binding(
            "full_stop,greater_than_sign", "browse(1)", "later sheet after it", id="before-after-newer", show=False
        ),
        Binding("left_square_bracket", "nudge(-1)", "nudge before", id="before-after-nudge-previous", show=False),
        Binding("right_square_bracket", "nudge(1)", "next nudge", id="before-after-nudge-next", show=False),
        Binding("n", "select(1)", "next picture", id="before-after-next", show=False),
        Binding("N", "select(-1)", "picture before", id="before-after-previous", show=False),
    ]

    def __init__(self, run_dir: Path, view: RunView, place: int, drawing: Drawing) -> None:
        """``place`` is that of the nudge to begin with, among the run's."""
        super().__init__()
        self._run_dir = run_dir
        self._view = view
        self._place = place
        self._path: str | None = None
        """Of the sheet after the nudge that the user has gone to."""
        self._made = 0
        """Which of the pictures that a network made of each row."""
        self._said = Static(id="said")
        self.told: list[str] = []
        """What is said of the nudge and the sheets."""
        self.grid = PictureGrid(drawing, area=AREA)
        self._frame = Vertical(self._said, self.grid, id="frame")

    def compose(self) -> ComposeResult:
        """What was changed, and the pictures below."""
        entitle(self._frame, subtitle=worded(self, KEYS))
        yield self._frame

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def on_resize(self) -> None:
        """More of it fits, or less."""
        self._draw()

    def show(self, view: RunView) -> None:
        """Take the run's nudges and sheets."""
        changed = (view.sheets, view.markers) != (self._view.sheets, self._view.markers)
        self._view = view
        if changed:
            self._draw()

    def action_browse(self, by: int) -> None:
        """Go to another of the sheets after the nudge."""
        pair = self._pair()
        if pair is not None and pair.later:
            self._path = pair.later[max(0, min(pair.shown + by, len(pair.later) - 1))].path
            self._draw()

    def action_nudge(self, by: int) -> None:
        """Go to another nudge."""
        self._place = max(0, min(self._place + by, len(nudges_of(self._view.markers)) - 1))
        self._path = None
        self._draw()

    def action_select(self, by: int) -> None:
        """Show another of the pictures that were made of each image."""
        self._made += by
        self._draw()

    def _pair(self) -> BeforeAfter | None:
        nudges = nudges_of(self._view.markers)
        if not nudges:
            return None
        self._place = min(self._place, len(nudges) - 1)
        return before_after(nudges, self._place, self._view.sheets, self._path)

    def _draw(self) -> None:
        pair = self._pair()
        if pair is None:
            self._said.update(Text("The run went back to before its nudges."))
            return
        nudges = len(nudges_of(self._view.markers))
        sheet = pair.after or pair.before
        names = [name for row in (sheet.rows if sheet else ()) if (name := _made(row, self._made))]
        shown = ", ".join(dict.fromkeys(map(spoken, names)))
        entitle(self._frame, f"before and after · nudge {self._place + 1}/{nudges}{shown and f' · {shown}'}")
        self.told = in_words(pair, self.size.width - 4)
        self._said.update(Text("\n".join(self.told)))
        exhibit = side_by_side(self._run_dir, pair.before, pair.after, self._made)
        if exhibit:
            self.grid.hang(exhibit)
        else:
            self.grid.hang(())
            self.grid.say("no sample sheet on either side of it yet")


def in_words(pair: BeforeAfter, width: int) -> list[str]:
    """What was changed, when the sheets are from, and what else was changed between them, as far as there is room.

    Args:
        pair: what is looked at.
        width: columns of a line, of which ROWS are seen.
    """
    symbol = SYMBOLS["nudge"]
    rows = 2 if pair.others else 3  # the sheets and the other nudges take a line each at least
    lines = _wrapped(f"{symbol} step {pair.nudge.step:,} · {pair.nudge.text}", width, rows)
    before = f"before: step {pair.before.step:,}" if pair.before else "no sheet from before it"
    if pair.after is None:
        lines += _wrapped(f"{before} · after: no sheet yet", width)
    else:
        since = f"{pair.after.step - pair.nudge.step:,} steps later"
        seen = f"{before} · after: step {pair.after.step:,}, {since}, {pair.shown + 1}/{len(pair.later)}"
        lines += _wrapped(seen, width)
    others = [f"{symbol} {other.step:,} {other.text}" for other in pair.others]
    return lines + (_between(others, width, max(1, ROWS - len(lines))) if others else [])


def _between(others: Sequence[str], width: int, rows: int) -> list[str]:
    for shown in range(len(others), 0, -1):
        more = f" and {len(others) - shown} more" if shown < len(others) else ""
        told = _wrapped(f"between them also {', '.join(others[:shown])}{more}", width)
        if len(told) <= rows:
            return told
    return _wrapped(f"between them also {len(others)} other nudge{'' if len(others) == 1 else 's'}", width, rows)


def _wrapped(text: str, width: int, rows: int | None = None) -> list[str]:
    return textwrap.wrap(printable(text), max(20, width), max_lines=rows, placeholder=" …", break_on_hyphens=False)


def side_by_side(run_dir: Path, before: Sampled | None, after: Sampled | None, made: int) -> Exhibit:
    """Row by row the image of the data, and what was made of it before and after.

    Args:
        run_dir: of the run.
        before: a sheet; None where there is none.
        after: another one.
        made: which of the pictures that a network made of an image, counted on beyond the last from the first.
    """
    old = exhibit_of(run_dir, before) if before else ()
    new = exhibit_of(run_dir, after) if after else ()
    rows = []
    for place in range(max(len(old), len(new))):
        one, other = (sheet[place] if place < len(sheet) else () for sheet in (old, new))
        name = _made([named.name for named in other or one], made)
        if not name:
            continue
        shown = [next((named for named in row if named.name == name), None) for row in (one, other)]
        pairs = [(when, it) for when, it in zip(("before", "after"), shown, strict=True) if it]
        when, first = pairs[0]  # the name once a row, and last: where it is cut, before and after are still told apart
        titled = [(f"{when} ({spoken(name)})", first), *pairs[1:]]
        rows.append(((other or one)[0], *(Named(caption, it.piece) for caption, it in titled)))
    return tuple(rows)


def _made(names: Iterable[str], place: int) -> str:
    """Which of a row's pictures that a network made is shown, counted on beyond the last; empty where it has none."""
    made = [name for name in names if not name.startswith(REAL)]
    return made[place % len(made)] if made else ""
