"""Judges of the losses' course: one far above its range, or none that moves."""

from __future__ import annotations

import statistics
import sys
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from engine.config.sentinels import SpikeSentinel, StallSentinel
from engine.sentinels.balance import FASTER_G, SLOWER_D, SLOWER_F, SLOWER_G
from engine.sentinels.finding import Finding, Outlook, agreeing
from engine.sentinels.vitals import Vitals

_NARROWEST = 0.05
"""Of the median: a middle half that reaches over less counts as if it reached over that."""
_AT_REST = 0.1
"""The share of the base rates down from which a schedule has brought training to rest, as it is meant to."""
_PARTS = 20
"""Of a stall's window: the means of so many parts are kept, however many lines are logged. Where a part has fewer than
one line, the window is so many lines long."""


class Spikes:
    """Whether a loss is far above its recent range.

    Median and quartiles, so that a spike does not widen the range; one that stays becomes the range in half a window.
    """

    def __init__(self, config: SpikeSentinel) -> None:
        self._config = config
        self._windows: dict[str, deque[float]] = {}
        self._regime: object = None

    def __call__(self, vitals: Vitals) -> Outlook:
        """Judge a line, and take it into the window."""
        if vitals.regime != self._regime:
            self._regime = vitals.regime
            self._windows.clear()
        high: list[_High] = []
        known = False
        for name, value in vitals.losses.items():
            if value is None:
                continue
            window = self._windows.setdefault(name, deque(maxlen=self._config.lines))
            if len(window) == self._config.lines:
                known = True
                lower, median, upper = statistics.quantiles(window, n=4)
                widths = (value - median) / max(upper - lower, _NARROWEST * abs(median), sys.float_info.min)
                if widths > self._config.times:
                    high.append(_High(name, value, median, widths))
            window.append(value)
        if high:
            return _spike(high, vitals)
        return "well" if known else "unknown"


class _High(NamedTuple):
    """A loss far above its range."""

    name: str
    value: float
    median: float
    widths: float
    """How far above the median, in widths of the middle half."""


def _spike(high: Sequence[_High], vitals: Vitals) -> Finding:
    """Of several losses the one that is furthest above its range tells whose step it was: a player that has gone astray
    raises the other's loss, too."""
    worst = max(high, key=lambda each: each.widths)
    if vitals.stage:
        whose, remedies = "what is trained first", [SLOWER_F]
    elif worst.name in vitals.objective:
        whose, remedies = "the generator", [SLOWER_G, SLOWER_D]
    else:
        whose, remedies = "the discriminator", [SLOWER_D, SLOWER_G]
    furthest = f", whose {worst.name} is furthest above its range" if len(high) > 1 else ""
    readings = "; ".join(f"{each.value:.3g}, of late {each.median:.3g}" for each in high)
    return Finding(
        subject=", ".join(each.name for each in high),
        fact=f"{agreeing(high, 'is far above its range', 'are far above their ranges')}: {readings}",
        cause=f"A step of {whose} that was too long{furthest}; or images unlike the others in the data.",
        remedies=tuple(remedies),
        fix="If it does not come down again, resume the checkpoint before it.",
    )


class Stalls:
    """Whether every loss has the same mean over both halves of a long window."""

    def __init__(self, config: StallSentinel) -> None:
        self._config = config
        self._regime: object = None
        self._part = -1
        """The number of the part that lines are being added to."""
        self._adding = _Means()
        self._parts: deque[_Means] = deque(maxlen=_PARTS)

    def __call__(self, vitals: Vitals) -> Outlook:
        """Add a line; judge when a part of the window is full."""
        part = vitals.step * _PARTS // self._config.steps
        if vitals.regime != self._regime or not self._part <= part <= self._part + _PARTS:
            self._regime = vitals.regime
            self._parts.clear()
            self._adding = _Means()
        full = part != self._part and self._adding.lines > 0
        if full:
            self._parts.append(self._adding)
            self._adding = _Means()
        self._part = part
        self._adding.add(vitals.losses)
        if vitals.stage or vitals.factor <= _AT_REST or not full or len(self._parts) < _PARTS:
            return "unknown"
        return self._judge()

    def _judge(self) -> Outlook:
        parts = list(self._parts)
        earlier, later = _means(parts[: _PARTS // 2]), _means(parts[_PARTS // 2 :])
        both = {name: (earlier[name], later[name]) for name in earlier.keys() & later.keys()}
        moving = [
            name
            for name, (before, after) in both.items()
            if abs(after - before) > self._config.change * max(abs(before), abs(after))
        ]
        if moving or not both:
            return "well"
        return Finding(
            subject="the losses",
            fact=f"have not moved by {self._config.change:.1%} in {self._config.steps:,} steps",
            cause="The learning rates are too low for what is left to learn, or the run has learnt what it can.",
            remedies=(FASTER_G,),
            fix="Look at the samples: if they change no more either, the run can be stopped.",
        )


class _Means:
    """Sums over lines."""

    def __init__(self) -> None:
        self.lines = 0
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def add(self, losses: Mapping[str, float | None]) -> None:
        self.lines += 1
        for name, value in losses.items():
            if value is not None:
                self.sums[name] = self.sums.get(name, 0.0) + value
                self.counts[name] = self.counts.get(name, 0) + 1


def _means(parts: Collection[_Means]) -> dict[str, float]:
    sums = _Means()
    for part in parts:
        for name, total in part.sums.items():
            sums.sums[name] = sums.sums.get(name, 0.0) + total
            sums.counts[name] = sums.counts.get(name, 0) + part.counts[name]
    return {name: total / sums.counts[name] for name, total in sums.sums.items()}
