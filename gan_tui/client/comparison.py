"""Two runs' numbers side by side, over the same steps."""

from __future__ import annotations

from math import inf

import msgspec

from engine.errors import RequestError
from engine.protocol.course import read_course
from engine.protocol.events import Metrics
from engine.protocol.lineage import ancestry
from engine.protocol.rundir import RunDirectory
from gan_tui.client.reading import read_past
from gan_tui.state.history import History
from gan_tui.state.series import Span

SHARE = 0.1
"""Of the steps that both runs have, the newest are averaged: one line of metrics is mostly noise."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A loss of both runs."""

    name: str
    first: float | None
    """Its mean; None where the run does not have it there, or where it was not finite."""
    second: float | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Means over the newest tenth of the steps that both runs have."""

    first: str
    """The runs' names."""
    second: str
    from_step: int
    to_step: int
    losses: tuple[Pair, ...]


def compared(first: RunDirectory, second: RunDirectory) -> Comparison:
    """Read both records, with what a branch's ancestors recorded before it, and compare.

    Raises:
        RequestError: one has no line of metrics, or they have no step in common.
    """
    histories = [_history_of(run) for run in (first, second)]
    ends = [_extent(run, history) for run, history in zip((first, second), histories, strict=True)]
    low, high = max(end[0] for end in ends), min(end[1] for end in ends)
    if low > high:
        fact = f"begins at step {low:,.0f}, and the other run's record ends at {high:,.0f}"
        raise RequestError(f"run {(first, second)[ends[1][0] == low].name}", fact, "There is nothing to compare.")
    begin = high - SHARE * (high - low)
    keys = [key for key in histories[0].series() if key.group == "loss"]
    keys += [key for key in histories[1].series() if key.group == "loss" and key not in keys]
    spans = [history.decimate(keys, begin, high, 1) for history in histories]
    losses = tuple(Pair(name=key.name, first=_mean(spans[0][key][0]), second=_mean(spans[1][key][0])) for key in keys)
    return Comparison(first=first.name, second=second.name, from_step=round(begin), to_step=round(high), losses=losses)


def _history_of(run: RunDirectory) -> History:
    history = History()
    for _ in read_past(ancestry(run), history, sparse=False):
        pass
    for event in read_course(run):
        if isinstance(event, Metrics):
            history.record(event)
    return history


def _extent(run: RunDirectory, history: History) -> tuple[float, float]:
    extent = history.extent()
    if extent is None:
        raise RequestError(f"run {run.name}", "has no line of metrics yet", "Wait until it has one.")
    return extent


def _mean(span: Span) -> float | None:
    return span.mean if span.finite and not span.holes and abs(span.total) < inf else None
