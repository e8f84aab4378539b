"""The banner of a run that no engine works on: what happened and what to do about it."""

from __future__ import annotations

from typing import ClassVar

from gan_tui.state.run_view import RunView
from gan_tui.widgets.line import Lines, Span


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

    def show(self, view: RunView) -> None:
        """Take the run's view."""
        told = _told(view)
        self.display = told is not None
        if told is not None:
            headline, advice = told
            self.put([[headline], [(f"   {advice}", "banner--advice")]])


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
        case "reading" | "connecting" | "starting" | "training" | "pausing" | "paused" | "stopping":
            return None
