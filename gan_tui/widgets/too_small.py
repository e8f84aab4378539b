"""What stands in place of a screen on a terminal that has no room for it."""

from __future__ import annotations

import textwrap
from typing import ClassVar

from gan_tui.state.appearance import LEAST_HEIGHT, LEAST_WIDTH
from gan_tui.widgets.line import Lines, Span


class TooSmall(Lines):
    """Lies over a whole screen, on its layer ``over``, while the application says that it is too small.

    Nothing is hidden, so that keys go where they went and all is as it was when there is room again.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"too-small--fact", "too-small--way"}
    DEFAULT_CSS = """
    TooSmall { display: none; layer: over; width: 100%; height: 100%; background: $background; }
    TooSmall .too-small--fact { color: $warning; text-style: bold; background: $background; }
    TooSmall .too-small--way { color: $foreground; background: $background; }
    """

    def __init__(self, advice: str) -> None:
        """``advice`` is what can be done none the less."""
        super().__init__()
        self._advice = advice

    def lines(self, width: int) -> list[list[Span]]:
        """What is there and what is needed, in the middle; of what has no room the beginning."""
        height = self.size.height
        fact = f"{width} x {height} is too small: {LEAST_WIDTH} x {LEAST_HEIGHT} is needed."
        told: list[Span] = [(line, "too-small--fact") for line in textwrap.wrap(fact, width)]
        told += [(line, "too-small--way") for line in textwrap.wrap(self._advice, width)]
        above = max(0, (height - len(told)) // 2)
        return [*([] for _ in range(above)), *([(line.center(width), style)] for line, style in told[:height])]
