"""The loss log of the reference implementation (junyanz/pytorch-CycleGAN-and-pix2pix), loss_log.txt, as it wrote it.

A training writes a heading with the local time, then a line every print_freq images:

    ================ Training Loss (Sat Nov 21 04:44:27 2026) ================
    (epoch: 1, iters: 100, time: 0.151, data: 0.202) D_A: 0.418 G_A: 0.665 cycle_A: 4.002 ...

Newer versions begin a line with "[Rank 0]" and part the losses by commas; the oldest have no "data". ``iters`` counts
the images of the epoch, not the steps. A training that is continued appends to the same file. Torch-free.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

_HEADING = re.compile(r"=+ Training Loss \((.*)\) =+\s*")
_NUMBER = r"-?(?:\d+\.\d{3}|nan|inf)"
_LOSSES = rf"[, ]*\w+: {_NUMBER}(?:[, ]+\w+: {_NUMBER})*[, ]*"
"""What stands between two losses belongs to neither, so that a torn line is told at once."""
_LINE = re.compile(
    rf"(?:\[Rank \d+\] )?\(epoch: (?P<epoch>\d{{1,6}}), iters: (?P<iters>\d{{1,9}}), time: (?P<time>{_NUMBER})"
    rf"(?:, data: (?P<data>{_NUMBER}))?\)(?P<losses>{_LOSSES})"
)
_LOSS = re.compile(rf"(\w+): ({_NUMBER})")
_CTIME = "%a %b %d %H:%M:%S %Y"


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """Losses of one batch, as they were printed."""

    epoch: int
    """From 1."""
    iters: int
    """Images of the epoch seen so far."""
    seconds: float
    """An image took."""
    waited: float
    """Seconds in which the batch was waited for; 0 where the log does not say."""
    losses: dict[str, float]


@dataclass(kw_only=True)
class LogSession:
    """One start of the training program."""

    began: float | None
    """By its heading, in Unix seconds, taken for this machine's local time; None where that cannot be read."""
    lines: list[LogLine] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class LossLog:
    """All that a log holds."""

    sessions: tuple[LogSession, ...]
    """In their order; those without a line left out."""
    torn: int
    """Lines that are no whole line of losses, and passed over."""

    @property
    def lines(self) -> Iterator[LogLine]:
        """Every line, of all sessions."""
        return (line for session in self.sessions for line in session.lines)

    @property
    def names(self) -> tuple[str, ...]:
        """The losses that a line has, in its order."""
        return next((tuple(line.losses) for line in self.lines), ())


def parse(text: str) -> LossLog:
    """Read a loss log; a line that was torn, or lacks a loss that the others have, is counted and left out."""
    sessions, torn = [LogSession(began=None)], 0
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            continue
        if heading := _HEADING.fullmatch(line):
            sessions.append(LogSession(began=_moment(heading[1])))
        elif found := _LINE.fullmatch(line):
            sessions[-1].lines.append(_read(found))
        else:
            torn += 1
    usual = Counter(frozenset(line.losses) for session in sessions for line in session.lines)
    whole = usual.most_common(1)[0][0] if usual else frozenset()
    for session in sessions:
        before = len(session.lines)
        session.lines = [line for line in session.lines if line.losses.keys() == whole]
        torn += before - len(session.lines)
    return LossLog(sessions=tuple(session for session in sessions if session.lines), torn=torn)


def _read(found: re.Match[str]) -> LogLine:
    return LogLine(
        epoch=int(found["epoch"]),
        iters=int(found["iters"]),
        seconds=_finite(found["time"]),
        waited=_finite(found["data"] or "0.000"),
        losses={name: float(value) for name, value in _LOSS.findall(found["losses"])},
    )


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) and value > 0 else 0.0


def _moment(text: str) -> float | None:
    """A heading's time: C's form, of whatever zone the machine was in."""
    try:
        return time.mktime(time.strptime(text, _CTIME))
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, kw_only=True)
class EpochLength:
    """Images of an epoch."""

    images: int
    certain: bool
    """Whether lines tell it; otherwise it is the most that one of them has counted, and an epoch may have more."""


def epoch_length(log: LossLog) -> EpochLength:
    """How many images an epoch has, by the way in which lines go on from one epoch to the next.

    A line is printed whenever the number of all images of a session is a multiple of print_freq. So where lines of an
    epoch are P images apart, the first line of the next comes P images after the last of this: with ``iters`` a there
    and b here, an epoch has a - b + P. The number that most pairs of epochs give is taken. Where every epoch has one
    line there is no P, and the most images that a line counts are taken.
    """
    most = max((line.iters for line in log.lines), default=0)
    apart = Counter(
        second.iters - first.iters
        for first, second in _neighbours(log)
        if second.epoch == first.epoch and second.iters > first.iters
    )
    if apart:
        period = apart.most_common(1)[0][0]
        told = Counter(
            first.iters - second.iters + period for first, second in _neighbours(log) if second.epoch == first.epoch + 1
        )
        fitting = [(count, images) for images, count in told.items() if images >= most]
        if fitting:
            return EpochLength(images=max(fitting)[1], certain=True)
    return EpochLength(images=most, certain=False)


def _neighbours(log: LossLog) -> Iterable[tuple[LogLine, LogLine]]:
    return (pair for session in log.sessions for pair in pairwise(session.lines))
