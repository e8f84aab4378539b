"""The banner of a run that no engine works on: what happened and what to do about it."""

from __future__ import annotations

from typing import ClassVar

from gan_tui.state.run_view import RunView
from gan_tui.widgets.line import Lines, Span
from gan_tui.widgets.wording import clipped


class EndBanner(Lines):
    """Hidden while the run lives; then two lines: the fact and the way on."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"banner--good", "banner--bad", "banner--plain", "banner--advice"}
    DEFAULT_CSS = """
    EndBanner { height: 2; display: none; background: $panel; }
    EndBanner .banner--good { color: $success; text-style: bold; background: $panel; }
    EndBanner .banner--bad { color: $error; text-style: bold; background: $panel; }
    EndBanner .banner--plain { color: $foreground; text-style: bold; background: $panel; }
    EndBanner .banner--advice { color: $foreground; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: tuple[Span, str] | None = None

    def show(self, view: RunView) -> None:
        """Take the run's view."""
        self._told = _told(view)
        self.display = self._told is not None
        self.redraw()

    def lines(self, width: int) -> list[list[Span]]:
        """The fact, and the way on."""
        if self._told is None:
            return []
        (fact, style), advice = self._told
        return [[(clipped(fact, width), style)], [(clipped(f"   {advice}", width), "banner--advice")]]


def _told(view: RunView) -> tuple[Span, str] | None:
    resume = f"gan-tui resume {view.name}"
    match view.status:
        case "lost":
            fact = f" ✖ {view.link_detail or 'the engine ended without a word'}, after step {view.step:,}"
            return (fact, "banner--bad"), f"To go on from the newest checkpoint: {resume}"
        case "failed":
            reason = view.failure.reason if view.failure else "the engine failed"
            fix = view.failure.fix if view.failure else ""
            advice = f"{fix} " if fix else ""
            return (f" ✖ {reason}", "banner--bad"), f"{advice}engine.log has the whole of it. Then: {resume}"
        case "stopped":
            return (f" ■ stopped at step {view.step:,}", "banner--plain"), f"To go on: {resume}"
        case "finished":
            return (f" ✔ finished: {view.step:,} steps", "banner--good"), "R lists its checkpoints; q leaves."
        case "reading" | "connecting" | "starting" | "training" | "paused" | "stopping":
            return None
