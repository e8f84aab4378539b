"""What is known of one run: a headline, its newest contact sheet, and facts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from engine.protocol.events import Sampled
from gan_tui.state.plain_text import printable
from gan_tui.terminal.pictures import Drawing
from gan_tui.widgets.fact_sheet import Fact, FactSheet
from gan_tui.widgets.samples import SamplePane


class RunDetails(VerticalScroll):
    """Shows what it is given; the stylesheet places the sheet above the facts or beside them."""

    def __init__(self, drawing: Drawing | None = None) -> None:
        """``drawing`` is how pictures are drawn."""
        super().__init__(classes="-no-sheet")
        self._has_pictures = drawing is None or drawing.imaging.protocol != "off"
        self.headline = Static(classes="headline")
        self.sheet = SamplePane(Path(), drawing)  # each sheet comes with its whole path
        self.sheet.can_focus = False
        self.caption = Static(classes="caption")
        self.facts = FactSheet()

    def compose(self) -> ComposeResult:
        """The headline over sheet and facts."""
        yield self.headline
        with Container(classes="look"):
            with Container(classes="pictures"):
                yield self.sheet
                yield self.caption
            yield self.facts

    def show(self, headline: str, facts: Sequence[Fact]) -> None:
        """Take what is known in words; nothing is drawn where it is the same."""
        text = printable(headline)
        if str(self.headline.content) != text:
            self.headline.update(Text(text))
        if tuple(facts) != self.facts.facts:
            self.facts.show(facts)

    def turn(self) -> None:
        """Turn to another run, whose sheet is not known yet: the one of the run before is not shown any more."""
        self.add_class("-turning")
        self.scroll_home(animate=False)

    def show_sheet(self, sheet: Sampled | None) -> None:
        """Take the newest contact sheet, with the path of its run before its own; None for none."""
        self.remove_class("-turning")
        sheet = sheet if self._has_pictures else None
        self.set_class(sheet is None, "-no-sheet")
        self.sheet.show(() if sheet is None else (sheet,))
        self.caption.update("" if sheet is None else f"samples of step {sheet.step:,}")
