"""What the user has chosen to see in the plot, and what that comes to for the series that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from gan_tui.state.groups import SeriesGroup, matching
from gan_tui.state.viewport import Viewport

Smoothing: TypeAlias = Literal[0, 1, 2]
"""None (each column's extremes), light, strong."""

SMOOTHING_NAMES: dict[Smoothing, str] = {0: "raw", 1: "smooth", 2: "smoother"}


@dataclass(frozen=True, kw_only=True)
class PlotChoice:
    """A user's view of the curves; it outlives the series it names."""

    group: str = ""
    """A group's name; the first group's, where there is none of that name."""
    typed: str = ""
    """Words that the names of series are to have one of."""
    other_scale: frozenset[str] = frozenset()
    """Groups whose y axis is linear where by itself it would be logarithmic, or the other way."""
    smoothing: Smoothing = 1
    viewport: Viewport = field(default_factory=Viewport)

    def among(self, groups: Sequence[SeriesGroup]) -> SeriesGroup:
        """What is shown: the chosen group, less what is filtered away."""
        if not groups:
            return SeriesGroup("losses", ())
        group = groups[self.place(groups)]
        return group._replace(keys=matching(group.keys, self.typed), log=group.log != (group.name in self.other_scale))

    def next_group(self, groups: Sequence[SeriesGroup], by: int) -> PlotChoice:
        """The group after this one, or before it, round at the ends."""
        return replace(self, group=groups[(self.place(groups) + by) % len(groups)].name) if groups else self

    def toggled_scale(self, groups: Sequence[SeriesGroup]) -> PlotChoice:
        """The y axis of the group linear where it is logarithmic, and the other way."""
        return replace(self, other_scale=self.other_scale ^ {self.among(groups).name})

    def smoothed_on(self) -> PlotChoice:
        """From raw to light to strong smoothing, and round."""
        following: dict[Smoothing, Smoothing] = {0: 1, 1: 2, 2: 0}
        return replace(self, smoothing=following[self.smoothing])

    def place(self, groups: Sequence[SeriesGroup]) -> int:
        """The index of the chosen group."""
        return next((place for place, group in enumerate(groups) if group.name == self.group), 0)
