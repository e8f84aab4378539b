"""Who watches, what a step took meanwhile, and how that compares with a run that nobody watches."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from .engine import WatchedEngine
from .viewers import watching


@dataclass(frozen=True)
class Case:
    """Who watches."""

    name: str
    viewers: int = 0
    stopped: int = 0


NONE = Case("none")
CASES = (NONE, Case("one", viewers=1), Case("three", viewers=3), Case("one, stopped", stopped=1))


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A case, once."""

    step_s: float
    processor_s: float
    beside_s: float
    viewers: float
    """Share of one core."""
    steps: int


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """To the case without viewers, within a round."""

    median: float
    least: float
    largest: float


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a case."""

    case: str
    step_s: float
    step_ratio: Ratio
    processor_s: float
    processor_ratio: Ratio
    beside_s: float
    """The mean over all steps: a turn's is a few hundredths of a second, which is as finely as the kernel tells."""
    viewers: float
    steps: int
    """In all rounds together."""


def turn(engine: WatchedEngine, case: Case, seconds: float) -> Turn:
    """The engine's speed while it is watched so."""
    with watching(engine.run, case.viewers, case.stopped) as viewers:
        computed: list[float] = []
        speed = engine.measure(seconds, lambda: computed.append(sum(viewer.processor_s for viewer in viewers)))
    share = (computed[1] - computed[0]) / speed.seconds
    return Turn(
        step_s=speed.step_s, processor_s=speed.processor_s, beside_s=speed.beside_s, viewers=share, steps=speed.steps
    )


def row_of(name: str, turns: Mapping[str, Sequence[Turn]]) -> Row:
    """The figures of a case from all its turns."""
    own, none = turns[name], turns[NONE.name]
    return Row(
        case=name,
        step_s=statistics.median(each.step_s for each in own),
        step_ratio=_ratio([a.step_s / b.step_s for a, b in zip(own, none, strict=True)]),
        processor_s=statistics.median(each.processor_s for each in own),
        processor_ratio=_ratio([a.processor_s / b.processor_s for a, b in zip(own, none, strict=True)]),
        beside_s=sum(each.beside_s * each.steps for each in own) / sum(each.steps for each in own),
        viewers=statistics.median(each.viewers for each in own),
        steps=sum(each.steps for each in own),
    )


def line_of(row: Row) -> str:
    """A row of the table."""
    step, processor = (f"{1000 * value:.1f} ms" for value in (row.step_s, row.processor_s))
    beside = f"{1000 * row.beside_s:.3f} ms"
    step_ratio, processor_ratio = (
        f"{ratio.median:.3f} ({ratio.least:.3f} to {ratio.largest:.3f})"
        for ratio in (row.step_ratio, row.processor_ratio)
    )
    engine = f"{step} | {step_ratio} | {processor} | {processor_ratio} | {beside}"
    return f"| {row.case} | {engine} | {row.viewers:.1%} | {row.steps:,} |"


def _ratio(ratios: Sequence[float]) -> Ratio:
    return Ratio(median=statistics.median(ratios), least=min(ratios), largest=max(ratios))
