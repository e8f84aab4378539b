"""What stands in the plot's place before there are curves: the stages of start-up, or why there are none."""

from __future__ import annotations

from typing import ClassVar

from engine.protocol.events import Phase
from gan_tui.state.run_view import RunView
from gan_tui.state.wording import count
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.line import Lines, Span


class StartUp(Lines):
    """The stages done with their times, the one in progress, and what the engine announced."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"startup--done", "startup--now", "startup--faint", "startup--title"}
    DEFAULT_CSS = """
    StartUp { height: 1fr; padding: 1 2; }
    StartUp .startup--title { color: $foreground; text-style: bold; }
    StartUp .startup--done { color: $success; }
    StartUp .startup--now { color: $warning; text-style: bold; }
    StartUp .startup--faint { color: $faint; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._view: RunView | None = None

    def show(self, view: RunView) -> None:
        """Take the run's view."""
        self._view = view
        self.redraw()

    def lines(self, width: int) -> list[list[Span]]:
        """Title, stages, and what is known of the networks."""
        view = self._view
        if view is None:
            return []
        lines: list[list[Span]] = [[(clipped(_title(view), width), "startup--title")], []]
        running = view.state == "starting"
        for place, phase in enumerate(view.phases):
            last = place == len(view.phases) - 1
            ended = None if last else view.phases[place + 1].time
            lines.append(_phase_line(phase, ended, running=running and last, width=width))
        if view.state == "training":
            lines.append(
                [("● ", "startup--now"), ("training; the first line of metrics is on its way", "startup--now")]
            )
        if view.parameters:
            networks = " · ".join(f"{name} {count(number)}" for name, number in view.parameters.items())
            lines += [[], [(clipped(f"parameters  {networks}", width), "startup--faint")]]
        return lines


def _title(view: RunView) -> str:
    match view.status:
        case "reading":
            return "reading the record…"
        case "connecting":
            return f"waiting for the engine of {view.name}…" + (f" {view.link_detail}" if view.link_detail else "")
        case "lost" | "failed" | "stopped" | "finished":
            return "no metrics were recorded"
        case "starting" | "training" | "paused" | "stopping":
            host = f" on {view.host}" if view.host else ""
            return f"{view.name} is starting{host}"


def _phase_line(phase: Phase, ended: float | None, *, running: bool, width: int) -> list[Span]:
    detail = f"  {phase.detail}" if phase.detail else ""
    if running:
        return [("◐ ", "startup--now"), (f"{phase.name}…", "startup--now"), (clipped(detail, width), "startup--faint")]
    took = f"{max(0.0, ended - phase.time):5.1f} s" if ended is not None else ""
    text = clipped(f"{phase.name}{detail}", width - 10)
    return [("✔ ", "startup--done"), (text.ljust(width - 10), "startup--title"), (took, "startup--faint")]
