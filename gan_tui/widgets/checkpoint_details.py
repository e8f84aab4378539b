"""What is known of one checkpoint: a headline, its picture, the learning rate ahead of it, and facts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from gan_tui.state.imaging import Imaging
from gan_tui.state.plain_text import printable
from gan_tui.widgets.fact_sheet import Fact, FactSheet
from gan_tui.widgets.rate_line import Point, RateLine
from gan_tui.widgets.thumbnail import Thumbnail


class CheckpointDetails(VerticalScroll):
    """Shows what it is given; the stylesheet places the pictures above the facts or beside them."""

    def __init__(self, imaging: Imaging | None = None) -> None:
        super().__init__()
        self.headline = Static(classes="headline")
        self.thumbnail = Thumbnail(imaging)
        self.rates = RateLine()
        self.facts = FactSheet()

    def compose(self) -> ComposeResult:
        """The headline over pictures and facts."""
        yield self.headline
        with Container(classes="look"):
            with Container(classes="pictures"):
                yield self.thumbnail
                yield self.rates
            yield self.facts

    def begin(self, headline: str, picture: Path | None) -> None:
        """Turn to another checkpoint, of which no more is known yet than this."""
        self.retitle(headline)
        self.thumbnail.show(picture)
        self.scroll_home(animate=False)

    def retitle(self, headline: str) -> None:
        """Take another headline for the same checkpoint."""
        self.headline.update(Text(printable(headline)))

    def show(self, facts: Sequence[Fact], curve: Sequence[Point] = (), notice: str = "") -> None:
        """Take the facts, and the learning rate ahead or what to say in its place."""
        self.rates.show(curve, notice)
        self.facts.show(facts)
