"""Whether two runs took the same course: their lines of metrics side by side, number by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.course import read_course
from engine.protocol.events import Metrics
from engine.protocol.rundir import RunDirectory, read_identity


class Discrepancy(msgspec.Struct, frozen=True, kw_only=True):
    """A number that the two runs do not share."""

    step: int
    name: str
    """Such as "losses.cycle_A"."""
    original: float | None
    """None where it is not finite, or not recorded."""
    replay: float | None


class Circumstance(msgspec.Struct, frozen=True, kw_only=True):
    """Something besides the configuration on which numbers may depend, and in which the two runs differ."""

    name: str
    original: str
    replay: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a comparison."""

    original: str
    """The name of the run that was repeated."""
    replay: str
    last_step: int
    """Lines up to this step were compared."""
    tolerance: float
    """The relative difference of losses and learning rates that passes for equal."""
    agrees: bool
    """Whether every line is there and equal."""
    compared: int
    """Lines that both runs have."""
    equal: int
    missing: int
    """Lines that only the original has."""
    surplus: int
    """Lines that only the replay has."""
    first_missing: int | None
    """The step of the first line that only one of them has."""
    first: Discrepancy | None
    """The first number that differs."""
    largest: dict[str, float | None]
    """The largest relative difference of each number that differs at all, whatever the tolerance; None where one of
    the two is not finite or not recorded."""
    circumstances: tuple[Circumstance, ...]


def compare(original: RunDirectory, replay: RunDirectory, *, last_step: int, tolerance: float) -> Agreement:
    """Compare two runs' courses up to a step.

    A replay that ends between two lines of the original closes with a line of its own, which is left out.

    Raises:
        WorkError: a run.json cannot be read.
    """
    compared = equal = missing = surplus = 0
    first_missing: int | None = None
    first: Discrepancy | None = None
    largest: dict[str, float | None] = {}
    for ours, theirs in _side_by_side(_lines(original, last_step), _lines(replay, last_step)):
        if ours is not None and theirs is not None:
            compared += 1
            beyond = _note_differences(ours, theirs, tolerance, largest)
            equal += beyond is None
            first = first or beyond
        elif ours is not None:
            missing += 1
            first_missing = first_missing or ours.step
        elif theirs is not None and theirs.step < last_step:
            surplus += 1
            first_missing = first_missing or theirs.step
    return Agreement(
        original=original.name, replay=replay.name, last_step=last_step, tolerance=tolerance,
        agrees=equal == compared > 0 and not missing and not surplus,
        compared=compared, equal=equal, missing=missing, surplus=surplus,
        first_missing=first_missing, first=first, largest=largest, circumstances=_circumstances(original, replay),
    )  # fmt: skip


def _lines(run: RunDirectory, last_step: int) -> Iterator[Metrics]:
    return (event for event in read_course(run) if isinstance(event, Metrics) and event.step <= last_step)


def _side_by_side(
    original: Iterator[Metrics], replay: Iterator[Metrics]
) -> Iterator[tuple[Metrics | None, Metrics | None]]:
    """The lines of each step; along a course, steps only grow."""
    ours, theirs = next(original, None), next(replay, None)
    while ours is not None or theirs is not None:
        if theirs is None or (ours is not None and ours.step < theirs.step):
            yield ours, None
            ours = next(original, None)
        elif ours is None or theirs.step < ours.step:
            yield None, theirs
            theirs = next(replay, None)
        else:
            yield ours, theirs
            ours, theirs = next(original, None), next(replay, None)


def _note_differences(
    ours: Metrics, theirs: Metrics, tolerance: float, largest: dict[str, float | None]
) -> Discrepancy | None:
    """Raise ``largest`` to the differences of a line; returns the first that is beyond the tolerance."""
    if (ours.losses, ours.lr) == (theirs.losses, theirs.lr) and _exact(ours) == _exact(theirs):
        return None
    first = None
    pairs = (
        *_pairs("", _exact(ours), _exact(theirs), 0.0),
        *_pairs("losses.", ours.losses, theirs.losses, tolerance),
        *_pairs("lr.", ours.lr, theirs.lr, tolerance),
    )
    for name, a, b, allowed in pairs:
        difference = None if a is None or b is None else abs(a - b) / max(abs(a), abs(b))
        before = largest.get(name, 0.0)
        largest[name] = None if difference is None or before is None else max(difference, before)
        if first is None and (difference is None or difference > allowed):
            first = Discrepancy(step=ours.step, name=name, original=a, replay=b)
    return first


def _exact(line: Metrics) -> dict[str, float | None]:
    """What does not come from arithmetic on a device, and is to be equal whatever the tolerance."""
    weights = {f"weights.{name}": value for name, value in line.weights.items()}
    return {"epoch": line.epoch, "images": line.images, **weights}


def _pairs(
    prefix: str, ours: Mapping[str, float | None], theirs: Mapping[str, float | None], allowed: float
) -> Iterator[tuple[str, float | None, float | None, float]]:
    """The numbers that are not the same, with the relative difference that each is allowed."""
    for name in {**ours, **theirs}:
        a, b = ours.get(name), theirs.get(name)
        if a != b or (name in ours) != (name in theirs):
            yield f"{prefix}{name}", a, b, allowed


def _circumstances(original: RunDirectory, replay: RunDirectory) -> tuple[Circumstance, ...]:
    ours, theirs = _environment(original), _environment(replay)
    return tuple(
        Circumstance(name=name, original=ours[name], replay=theirs[name])
        for name in ours
        if name in theirs and ours[name] != theirs[name]
    )


def _environment(run: RunDirectory) -> dict[str, str]:
    """What a run's numbers may depend on, as far as its newest engine has told."""
    identity = read_identity(run)
    checkpoints = list_checkpoints(run)
    told = {
        **identity.versions,
        "host": identity.host,
        "device": identity.device,
        "CPU threads": str(identity.threads or ""),
        "training images": checkpoints[-1][1].data[:12] if checkpoints else "",
    }
    return {name: value for name, value in told.items() if value}
