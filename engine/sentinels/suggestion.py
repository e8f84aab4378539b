"""From remedies to a nudge: values that a run's controls take, within their bounds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from engine.config.controls import Control
from engine.sentinels.finding import Remedy


def suggest(
    remedies: Iterable[Remedy], controls: Iterable[Control], values: Mapping[str, float], idle: Collection[str] = ()
) -> dict[str, float]:
    """The values that the first possible remedy gives; none where no remedy is possible.

    Args:
        remedies: the best first.
        controls: those of the run.
        values: in force.
        idle: controls that do nothing, or nothing any more.
    """
    known = {control.name: control for control in controls if control.name not in idle}
    for remedy in remedies:
        if not all(name in known for name in remedy.controls):
            continue
        moved = {name: _moved(remedy, known[name], values[name]) for name in remedy.controls}
        changes = {name: value for name, value in moved.items() if value != values[name]}
        if changes:
            return changes
    return {}


def _moved(remedy: Remedy, control: Control, value: float) -> float:
    wanted = value * remedy.factor
    if value == 0 and remedy.factor > 1:
        wanted = remedy.start or control.default
    within = min(control.maximum, max(control.minimum, wanted))
    return float(round(within)) if control.integer else float(f"{within:.6g}")
