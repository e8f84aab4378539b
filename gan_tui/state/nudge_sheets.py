"""Before and after a nudge: the contact sheets on both sides of it, and what else was changed between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.protocol.events import Sampled
from gan_tui.state.markers import Marker


@dataclass(frozen=True, kw_only=True)
class BeforeAfter:
    """A nudge with the sheets on both sides of it."""

    nudge: Marker
    before: Sampled | None
    """The newest sheet that no step with the new values has touched."""
    later: tuple[Sampled, ...]
    """Those of steps with the new values, oldest first."""
    shown: int
    """The place among them of the one that is looked at."""
    others: tuple[Marker, ...]
    """Nudges made after this one and before that sheet, or between the sheet before and this one."""

    @property
    def after(self) -> Sampled | None:
        """The later sheet that is looked at."""
        return self.later[self.shown] if self.later else None


def nudges_of(markers: Sequence[Marker]) -> tuple[Marker, ...]:
    """The nudges among markers, by step."""
    return tuple(sorted((marker for marker in markers if marker.kind == "nudge"), key=lambda marker: marker.step))


def nudge_near(nudges: Sequence[Marker], step: float | None) -> int | None:
    """The place of the newest nudge of a step or before it, or of the first; with None of the newest of all."""
    if not nudges:
        return None
    until = [place for place, nudge in enumerate(nudges) if step is None or nudge.step <= step]
    return until[-1] if until else 0


def before_after(
    nudges: Sequence[Marker], place: int, sheets: Sequence[Sampled], path: str | None = None
) -> BeforeAfter:
    """A nudge with its sheets.

    The sheet after it that is looked at, unless told, is the newest before the next nudge, so that it shows the work of
    this one alone; where there is none, the first. A nudge's own step was made with the old values.

    Args:
        nudges: of the run, by step.
        place: of the nudge among them.
        sheets: of the run, oldest first.
        path: of the later sheet that is looked at.
    """
    nudge = nudges[place]
    earlier = [sheet for sheet in sheets if sheet.step <= nudge.step]
    later = tuple(sheet for sheet in sheets if sheet.step > nudge.step)
    shown = next((at for at, sheet in enumerate(later) if sheet.path == path), None)
    if shown is None:
        end = next((other.step for other in nudges[place + 1 :] if other.step > nudge.step), None)
        alone = [at for at, sheet in enumerate(later) if end is None or sheet.step <= end]
        shown = alone[-1] if alone else 0
    before = earlier[-1] if earlier else None
    first, last = (before.step if before else 0), (later[shown].step if later else nudge.step)
    others = tuple(other for at, other in enumerate(nudges) if at != place and first <= other.step < last)
    return BeforeAfter(nudge=nudge, before=before, later=later, shown=shown, others=others)
