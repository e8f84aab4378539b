"""The banner of a run that no engine works on, or none that is heard of: what happened and what to do about it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from textual.geometry import Size

from gan_tui.state.key_words import with_keys
from gan_tui.state.run_view import RunView
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.line import Lines, Span

Told: TypeAlias = tuple[Span, tuple[str, ...]]
"""The fact, and one sentence or more on the way on."""

MOST_LINES = 5
"""Of the screen; what is told takes more on the narrowest terminals only."""
INDENT = "   "


class EndBanner(Lines):
    """Hidden while the run is seen to live; then the fact and the way on: commands to be copied, hence wrapped."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"banner--good", "banner--bad", "banner--plain", "banner--advice"}
    DEFAULT_CSS = """
    EndBanner { height: auto; display: none; background: $panel; }
    EndBanner .banner--good { color: $success; text-style: bold; background: $panel; }
    EndBanner .banner--bad { color: $error; text-style: bold; background: $panel; }
    EndBanner .banner--plain { color: $foreground; text-style: bold; background: $panel; }
    EndBanner .banner--advice { color: $foreground; background: $panel; }
    """

    def __init__(self, keys: Mapping[str, str] | None = None) -> None:
        """``keys`` are those within the advice that the user has changed."""
        super().__init__()
        self._keys = keys or {}
        self._told: Told | None = None

    def show(self, view: RunView) -> None:
        """Take the run's view."""
        before, self._told = self._told, _told(view, self._keys)
        self.display = self._told is not None
        if before != self._told:
            self.refresh(layout=True)
        self.redraw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes."""
        return len(self.lines(width))

    def lines(self, width: int) -> list[list[Span]]:
        """The fact, and the way on."""
        if self._told is None:
            return []
        (fact, style), advice = self._told
        told = [(line, style) for line in _wrapped(fact, width)]
        told += [(line, "banner--advice") for text in advice for line in _wrapped(f"{INDENT}{text}", width)]
        *shown, (last, how) = told[:MOST_LINES]
        return [*([line] for line in shown), [(last if len(told) <= MOST_LINES else clipped(f"{last} …", width), how)]]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 2 * len(INDENT)), subsequent_indent=INDENT, break_on_hyphens=False)


def _told(view: RunView, keys: Mapping[str, str]) -> Told | None:
    resume = f"gan-tui resume {view.name}"
    match view.status:
        case "lost":
            fact = f" ✖ {view.link_detail or 'the engine ended without a word'}, after step {view.step:,}"
            return (fact, "banner--bad"), () if view.gone else (f"To go on from the newest checkpoint: {resume}",)
        case "failed":
            reason = view.failure.reason if view.failure else "the engine failed"
            fix = view.failure.fix if view.failure else ""
            then = "" if resume in fix else f" Then: {resume}"
            rest = f"engine.log has the whole of it.{then}"
            return (f" ✖ {reason}", "banner--bad"), (fix, rest) if fix else (rest,)
        case "stopped":
            return (f" ■ stopped at step {view.step:,}", "banner--plain"), (f"To go on: {resume}",)
        case "finished":
            return (f" ✔ finished: {view.step:,} steps", "banner--good"), (
                with_keys("{checkpoints|R} lists its checkpoints; {detach|q} leaves.", keys),
            )
        case "connecting" if view.step:  # before the first step the start-up tells it
            return (f" ◌ no word from an engine since step {view.step:,}", "banner--plain"), (
                "One that is just starting, or is out of reach, does not need this view, which comes back by itself.",
            )
        case "reading" | "connecting" | "starting" | "training" | "paused" | "stopping":
            return None
