"""Judges of the losses' course: one far above its range, or none that moves."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Collection, Mapping

from engine.config.sentinels import SpikeSentinel, StallSentinel
from engine.sentinels.balance import FASTER_G, SLOWER_D, SLOWER_G
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
        high: dict[str, str] = {}
        known = False
        for name, value in vitals.losses.items():
            if value is None:
                continue
            window = self._windows.setdefault(name, deque(maxlen=self._config.lines))
            if len(window) == self._config.lines:
                known = True
                median, limit = _range(window, self._config.times)
                if value > limit:
                    high[name] = f"{value:.3g}, of late {median:.3g}"
            window.append(value)
        if high:
            return _spike(high, vitals.objective)
        return "well" if known else "unknown"


def _range(window: Collection[float], times: float) -> tuple[float, float]:
    """The median, and how high a loss may be."""
    lower, median, upper = statistics.quantiles(window, n=4)
    return median, median + times * max(upper - lower, _NARROWEST * abs(median))


def _spike(high: Mapping[str, str], objective: Collection[str]) -> Finding:
    of_generators = any(name in objective for name in high)
    return Finding(
        subject=", ".join(high),
        fact=f"{agreeing(high, 'is far above its range', 'are far above their ranges')}: {'; '.join(high.values())}",
        cause="A step that was too long, or images unlike the others in the data.",
        remedies=(SLOWER_G, SLOWER_D) if of_generators else (SLOWER_D, SLOWER_G),
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
