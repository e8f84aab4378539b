"""The course of a run: which recorded events belong to the training that was continued, and the nudges among them.

A resume goes on from a checkpoint. What was recorded between the checkpoint's copy and the resume stays on file and is
void: a course that was given up.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from engine.errors import WorkError
from engine.protocol.codec import DecodeError, decode_json
from engine.protocol.events import Announced, Checkpointed, Event, Metrics, Nudged, Recorded, Resumed, StagedChange
from engine.protocol.record import RecordReader, journaled, newest_journaled, newest_on_file
from engine.protocol.rundir import RunDirectory, write_atomically

AnyEvent = TypeVar("AnyEvent", bound=Recorded)

_staged_changes = msgspec.json.Decoder(list[StagedChange])


def continued(events: Iterable[AnyEvent], resumes: Sequence[Resumed]) -> Iterator[AnyEvent]:
    """Of events in the order of their seq, those that no resume has made void.

    Args:
        events: one run's, all of them or of some kinds.
        resumes: every resume of that run, in order.
    """
    cuts = deque(_cuts(resumes))
    for event in events:
        while cuts and event.seq >= cuts[0].before_seq:
            cuts.popleft()
        if not cuts or event.seq <= cuts[0].last_seq:
            yield event


def resumes_of(run: RunDirectory) -> list[Resumed]:
    """Every resume that a run's journal tells of, in order."""
    return list(journaled(run, Resumed))


def was_announced(run: RunDirectory) -> bool:
    """Whether an engine has come so far in a run that it could be steered."""
    return any(True for _ in journaled(run, Announced))


def recorded_step(run: RunDirectory, newest: Sequence[Event] | None = None) -> int:
    """The step that a run has come to, as far as its record tells; what a resume has made void does not count.

    ``newest`` is what newest_on_file says, where that is known already.
    """
    resumed = newest_journaled(run, Resumed)
    since, step = (resumed.seq, resumed.from_step) if resumed else (0, 0)
    events = newest_on_file(run) if newest is None else newest
    return max([step, *(event.step for event in events if event.seq > since)])


def checkpoints_on_record(run: RunDirectory, *, deleted: bool = False) -> tuple[int, ...]:
    """Steps of the checkpoints that should be there by the journal: saved, and neither deleted nor set aside since.

    Args:
        run: whose.
        deleted: name those, too, that have been deleted since.
    """
    steps: set[int] = set()
    told = heapq.merge(journaled(run, Checkpointed), journaled(run, Resumed), key=lambda event: event.seq)
    for event in told:
        match event:
            case Checkpointed():
                steps = (steps | {event.saved_step}) - (set() if deleted else {*event.removed})
            case Resumed():
                steps = {step for step in steps if step <= event.from_step}
    return tuple(sorted(steps))


def read_course(run: RunDirectory) -> Iterator[Event]:
    """A run's record without what is void, oldest first."""
    yield from continued(RecordReader(run).read(), resumes_of(run))


# -------------------------------------------------------------------------------------------------- for a replay


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What it takes to repeat a course."""

    first_line: int
    """The step of its first line of metrics; 0 where it has none."""
    last_line: int
    """That of its newest."""
    nudges: tuple[StagedChange, ...]
    """Each at the step at which it was made, an undo as the change that it was, in the order of the journal."""


def outline_of(run: RunDirectory) -> Outline:
    """The outline of a run's course so far."""
    first = last = 0
    nudges = []
    for event in read_course(run):
        match event:
            case Metrics():
                first, last = first or event.step, event.step
            case Nudged():
                values = {change.name: change.new for change in event.changes}
                nudges.append(StagedChange(at_step=event.step, values=values, by=event.by, why=event.why))
    return Outline(first_line=first, last_line=last, nudges=tuple(nudges))


def write_nudges(run: RunDirectory, nudges: Sequence[StagedChange]) -> None:
    """Leave the nudges that a replay is to repeat in its directory. Raises OSError when they cannot be written."""
    write_atomically(run.nudges, msgspec.json.format(msgspec.json.encode(nudges), indent=2) + b"\n")


def read_nudges(run: RunDirectory) -> list[StagedChange]:
    """The nudges that a replay is to repeat.

    Raises:
        WorkError: the file is missing or damaged.
    """
    path = run.nudges
    fix = "Make another replay of its original, which run.json names."
    try:
        return decode_json(_staged_changes, path.read_bytes())
    except OSError as error:
        raise WorkError(str(path), f"cannot be read ({error.strerror})", fix) from error
    except DecodeError as error:
        raise WorkError(str(path), f"is damaged ({error})", fix) from error


# ---------------------------------------------------------------------------------------------------------- cuts


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """Of the events before a resume, those up to a number belong to the course."""

    before_seq: int
    last_seq: int


def _cuts(resumes: Sequence[Resumed]) -> list[_Cut]:
    """One for each resume, in order; each tells what later ones have cut off of the same events, too."""
    cuts: list[_Cut] = []
    for resume in reversed(resumes):
        last_seq = min(resume.from_seq, cuts[-1].last_seq) if cuts else resume.from_seq
        cuts.append(_Cut(before_seq=resume.seq, last_seq=last_seq))
    return cuts[::-1]
