"""The course of a run: which recorded events belong to the training that was continued, and the nudges among them.

A resume goes on from a checkpoint. What was recorded between the checkpoint's copy and the resume stays on file and is
void: a course that was given up.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from engine.errors import WorkError
from engine.protocol.codec import DecodeError, decode_event, decode_json
from engine.protocol.events import Event, Metrics, Nudged, Recorded, Resumed, StagedChange
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory, read_identity, write_atomically

NUDGES = "replay.json"
"""The file of a replay's directory that holds the nudges to be repeated."""

AnyEvent = TypeVar("AnyEvent", bound=Recorded)

_staged_changes = msgspec.json.Decoder(list[StagedChange])


def continued(events: Iterable[AnyEvent], resumes: Sequence[Resumed], begins_at: int = 0) -> Iterator[AnyEvent]:
    """Of events in the order of their seq, those that no resume has made void.

    Args:
        events: one run's, all of them or of some kinds.
        resumes: every resume of that run, in order.
        begins_at: the step at which its record begins: that of its parent's checkpoint for a branch, else 0.
    """
    cuts = deque(_cuts(resumes, begins_at))
    for event in events:
        while cuts and event.seq >= cuts[0].before_seq:
            cuts.popleft()
        if not cuts or (event.seq <= cuts[0].last_seq and event.step <= cuts[0].last_step):
            yield event


def resumes_of(run: RunDirectory) -> list[Resumed]:
    """Every resume that a run's journal tells of, in order."""
    found = []
    try:
        with run.events.open("rb") as lines:
            for line in lines:
                event = _decoded(line) if b'"resumed"' in line and line.endswith(b"\n") else None
                if isinstance(event, Resumed):
                    found.append(event)
    except FileNotFoundError:
        return []
    return found


def read_course(run: RunDirectory) -> Iterator[Event]:
    """A run's record without what is void, oldest first.

    Raises:
        WorkError: run.json cannot be read.
    """
    parent = read_identity(run).parent
    yield from continued(RecordReader(run).read(), resumes_of(run), begins_at=parent.step if parent else 0)


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
    """The outline of a run's course so far. Raises WorkError as read_course."""
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
    write_atomically(run.root / NUDGES, msgspec.json.format(msgspec.json.encode(nudges), indent=2) + b"\n")


def read_nudges(run: RunDirectory) -> list[StagedChange]:
    """The nudges that a replay is to repeat.

    Raises:
        WorkError: the file is missing or damaged.
    """
    path = run.root / NUDGES
    fix = "Make another replay: gan-tui replay RUN"
    try:
        return decode_json(_staged_changes, path.read_bytes())
    except OSError as error:
        raise WorkError(str(path), f"cannot be read ({error.strerror})", fix) from error
    except DecodeError as error:
        raise WorkError(str(path), f"is damaged ({error})", fix) from error


# ---------------------------------------------------------------------------------------------------------- cuts


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """Of the events before a resume, those up to a number and a step belong to the course."""

    before_seq: int
    last_seq: float
    last_step: float


def _cuts(resumes: Sequence[Resumed], begins_at: int) -> list[_Cut]:
    """One for each resume, in order; each tells what later ones have cut off of the same events, too."""
    last_seq = last_step = math.inf
    cuts = []
    for resume in reversed(resumes):
        if resume.from_seq > 0:
            last_seq = min(last_seq, resume.from_seq)
        elif resume.from_step <= begins_at:
            last_seq = 0
        else:  # written before records gave the number
            last_step = min(last_step, resume.from_step)
        cuts.append(_Cut(before_seq=resume.seq, last_seq=last_seq, last_step=last_step))
    return cuts[::-1]


def _decoded(line: bytes) -> Event | None:
    try:
        return decode_event(line)
    except DecodeError:
        return None
