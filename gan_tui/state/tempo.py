"""How often a dashboard draws what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tempo:
    """Least seconds between two drawings; those of curves are half of what a dashboard computes."""

    text: float = 0.5
    curves: float = 1.5

    def of_text(self, stretch: float) -> float:
        """On a terminal that is to be sent less: text keeps its pace longest."""
        return self.text * max(1.0, stretch / 4)

    def of_curves(self, stretch: float) -> float:
        """Curves give way first."""
        return self.curves * stretch

    def of_pictures(self, stretch: float) -> float:
        """Pictures wait longest: a new sheet costs as much as minutes of curves."""
        return self.curves * (4 * stretch if stretch > 1 else 1)
