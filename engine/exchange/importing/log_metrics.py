"""A loss log as a course of lines of metrics: the reference's losses as ours, its epochs and images as steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from engine.exchange.importing.loss_log import EpochLength, LogLine, LogSession, LossLog
from engine.protocol import events as ev

HALVED = ("D_real", "D_fake")
"""pix2pix's: the reference prints them whole, and its discriminator minimises half of their sum. Ours are as they enter
that. All other losses of both methods are printed weighted, as ours are: idt_A is of G_A with lambda_B, and D_A and D_B
are halved already."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How a log's images become steps."""

    length: EpochLength
    batch: int
    """Images of a step."""

    @property
    def steps_per_epoch(self) -> int:
        """The last batch of an epoch may be smaller."""
        return -(-self.length.images // self.batch)

    def step_of(self, line: LogLine) -> int:
        """Steps done at a line."""
        return (line.epoch - 1) * self.steps_per_epoch + -(-line.iters // self.batch)

    def images_of(self, line: LogLine) -> int:
        """Images of each domain seen at a line."""
        return (line.epoch - 1) * self.length.images + line.iters


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """A session that takes up an epoch which an earlier one has passed: what that has from there on is void."""

    step: int
    """Steps done before the epoch."""
    time: float


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A line of metrics, but for its number."""

    step: int
    time: float
    epoch: int
    images: int
    losses: dict[str, float | None]
    throughput: float
    data_wait: float

    def as_event(self, seq: int, weights: dict[str, float]) -> ev.Metrics:
        """The line itself. Learning rates are not known."""
        return ev.Metrics(
            seq=seq, step=self.step, time=self.time, epoch=self.epoch, images=self.images, losses=self.losses, lr={},
            weights=weights, throughput=self.throughput, data_wait=self.data_wait,
        )  # fmt: skip


def course_of(log: LossLog, scale: Scale, written: float) -> Iterator[Measured | Beginning]:
    """What a log tells, in order.

    Times are an estimate: the log has none but those of its headings. A session begins at its heading's, or where that
    cannot be read, where the one before ended; from there on each image takes what the next line says that one took.

    Args:
        log: with at least one line.
        scale: of its steps.
        written: when the file was last written, in Unix seconds; the end of a log whose headings cannot be read.
    """
    reached = 0
    clock = _first_moment(log, scale, written)
    for session in log.sessions:
        began = (session.lines[0].epoch - 1) * scale.steps_per_epoch
        clock = max(clock, session.began or clock)
        if began < reached:
            yield Beginning(step=began, time=clock)
        for measured in _of_session(session, scale, clock):
            clock, reached = measured.time, measured.step
            yield measured


def _first_moment(log: LossLog, scale: Scale, written: float) -> float:
    first = log.sessions[0].began
    if first is not None:
        return first
    return written - sum(_durations(session, scale)[-1] for session in log.sessions)


def _durations(session: LogSession, scale: Scale) -> list[float]:
    """Seconds from a session's beginning to each of its lines."""
    passed, images, found = 0.0, (session.lines[0].epoch - 1) * scale.length.images, []
    for line in session.lines:
        done = max(0, scale.images_of(line) - images)
        passed += done * _seconds_of_step(line, scale) / scale.batch
        images = scale.images_of(line)
        found.append(passed)
    return found


def _seconds_of_step(line: LogLine, scale: Scale) -> float:
    return line.seconds * scale.batch + line.waited


def _of_session(session: LogSession, scale: Scale, began: float) -> Iterator[Measured]:
    """Lines of which the step does not rise, as where a training was started over without a heading, are left out."""
    step = -1
    for line, passed in zip(session.lines, _durations(session, scale), strict=True):
        if scale.step_of(line) <= step:
            continue
        step, seconds = scale.step_of(line), _seconds_of_step(line, scale)
        yield Measured(
            step=step,
            time=round(began + passed, 3),
            epoch=line.epoch,
            images=scale.images_of(line),
            losses={name: _ours(name, value) for name, value in line.losses.items()},
            throughput=round(1 / seconds, 4) if seconds else 0.0,
            data_wait=round(line.waited / seconds, 4) if seconds else 0.0,
        )


def _ours(name: str, value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return float(f"{value / 2 if name in HALVED else value:.8g}")
