"""The machine strip: where a step's time goes and what has been through the networks."""

from __future__ import annotations

from typing import ClassVar

from gan_tui.state.run_view import RunView
from gan_tui.widgets.line import Lines, Span
from gan_tui.widgets.wording import clipped, count


class PacePane(Lines):
    """Step time, its division between data and computing, images seen, and the networks' sizes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pace--label", "pace--value", "pace--warn", "pace--bar", "pace--rest"}
    DEFAULT_CSS = """
    PacePane { height: 3; }
    PacePane .pace--label { color: $faint; }
    PacePane .pace--value { color: $foreground; }
    PacePane .pace--warn { color: $warning; text-style: bold; }
    PacePane .pace--bar { color: $primary; }
    PacePane .pace--rest { color: $frame; }
    """
    STARVED = 0.2
    """Share of the time waiting for data from which the strip warns."""

    def __init__(self) -> None:
        super().__init__()
        self._view: RunView | None = None

    def show(self, view: RunView) -> None:
        """Take the run's view."""
        self._view = view
        self.redraw()

    def lines(self, width: int) -> list[list[Span]]:
        """Step time, images, networks."""
        view = self._view
        if view is None:
            return []
        networks = " · ".join(f"{name} {count(number)}" for name, number in view.parameters.items())
        return [
            self._step_time(view, width),
            [("images     ", "pace--label"), (f"{view.images:,} of each domain", "pace--value")],
            [("networks   ", "pace--label"), (clipped(networks, width - 11), "pace--value")],
        ]

    def _step_time(self, view: RunView, width: int) -> list[Span]:
        if not view.throughput:
            return [("step       ", "pace--label"), ("–", "pace--value")]
        share = min(1.0, max(0.0, view.data_wait))
        cells = max(0, min(20, width - 42))
        waiting = round(cells * share)
        starved = share >= self.STARVED
        return [
            ("step       ", "pace--label"),
            (f"{1000 / view.throughput:.1f} ms  ".ljust(11), "pace--value"),
            ("data wait ", "pace--label"),
            (f"{100 * share:.0f}%{' !' if starved else ''} ", "pace--warn" if starved else "pace--value"),
            ("█" * waiting, "pace--warn" if starved else "pace--bar"),
            ("░" * (cells - waiting), "pace--rest"),
        ]
