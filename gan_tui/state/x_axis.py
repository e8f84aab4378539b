"""The labels of an x axis: steps, epochs, or the time since the run's first line."""

from __future__ import annotations

from gan_tui.state.axes import Range, count_label, ticks
from gan_tui.state.viewport import Scale

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
_ROUND = (
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(MINUTE * number for number in (1, 2, 5, 10, 15, 30)),
    *(HOUR * number for number in (1, 2, 3, 6, 12)),
)
"""Seconds between two ticks; from days on their number is round."""


def x_ticks(axis: Range, scale: Scale, count: int, *, origin: float, steps_per_epoch: int) -> list[tuple[float, str]]:
    """Positions on the axis with their labels, at most about ``count``; none before the beginning.

    Args:
        axis: what is shown, in steps or in seconds since the Unix epoch.
        scale: what it is labelled with; epochs are steps where nobody knows how many there are in one.
        count: as many as there is room for.
        origin: the time that is 0.
        steps_per_epoch: 0 while unknown.
    """
    return [
        (at, label) for at, label in _ticks(axis, scale, count, origin, steps_per_epoch) if not label.startswith("-")
    ]


def _ticks(axis: Range, scale: Scale, count: int, origin: float, steps_per_epoch: int) -> list[tuple[float, str]]:
    if scale == "time":
        found = _durations(axis.low - origin, axis.high - origin, count)
        return [(origin + tick, duration_label(tick)) for tick in found]
    if scale == "epoch" and steps_per_epoch:
        in_epochs = Range(axis.low / steps_per_epoch, axis.high / steps_per_epoch)
        return [(tick * steps_per_epoch, f"{tick:g}") for tick in ticks(in_epochs, count)]
    return [(tick, count_label(tick)) for tick in ticks(axis, count) if tick == round(tick)]  # no halves of a step


def duration_label(seconds: float) -> str:
    """A time span by its two largest units: 45s, 12m, 1h30m, 2d6h."""
    days, rest = divmod(round(seconds), int(DAY))
    hours, rest = divmod(rest, int(HOUR))
    minutes, rest = divmod(rest, int(MINUTE))
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    first = next((place for place, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return "".join(f"{number}{unit}" for number, unit in parts[first : first + 2] if number) or "0s"


def _durations(low: float, high: float, count: int) -> list[float]:
    rough = (high - low) / max(1, count)
    step = next((step for step in _ROUND if step >= rough), None)
    if step is None:
        return [tick * DAY for tick in ticks(Range(low / DAY, high / DAY), count)]
    first, last = -(-low // step), high // step
    return [number * step for number in range(int(first), int(last) + 1)]
