"""Lines of metrics as a table: the values as they were recorded, of a run and of one that it is compared with."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple, assert_never

from engine.protocol.course import continued, read_course, resumes_of
from engine.protocol.events import Metrics
from engine.protocol.lineage import Ancestor, ancestry, read_inherited
from engine.protocol.rundir import RunDirectory
from gan_tui.state.plain_text import printable
from gan_tui.state.series import SeriesKey

BEFORE = ("run", "step", "epoch", "time", "seconds")
"""Columns that every row has: seconds are since the run's first line, time is since the Unix epoch."""
NOT_FINITE = "nan"


class Part(NamedTuple):
    """So much of a run's course."""

    run: RunDirectory
    first: float = -inf
    """The first step."""
    last: float = inf


def table(parts: Sequence[Part], keys: Sequence[SeriesKey]) -> Iterator[bytes]:
    """A CSV of the recorded lines, with a row for each, in pieces.

    A cell is empty where a line does not have the series, and ``nan`` where the mean was not finite.
    """
    yield _row([*BEFORE, *(column_name(key) for key in keys)])
    values = [_reader(key) for key in keys]
    for part in parts:
        began: float | None = None
        for line in _lines(part.run):
            began = line.time if began is None else began
            if part.first <= line.step <= part.last:
                head = (printable(part.run.name), line.step, line.epoch, line.time, round(line.time - began, 3))
                yield _row([*head, *(value(line) for value in values)])


def column_name(key: SeriesKey) -> str:
    """What a series is called where all of a run's are side by side: losses/G_A, lr/G, weights/cycle_a, throughput."""
    match key.group:
        case "loss":
            return f"losses/{key.name}"
        case "weight":
            return f"weights/{key.name}"
        case "pace":
            return key.name
        case "lr" | "health":
            return f"{key.group}/{key.name}"
        case "figure":
            return f"figures/{key.name}"
        case _:
            assert_never(key.group)


def _lines(run: RunDirectory) -> Iterator[Metrics]:
    """A run's lines, after those that its ancestors recorded up to it; without what is void."""
    for ancestor in ancestry(run):
        resumes = [resume for resume in resumes_of(ancestor.run) if _counts(resume.seq, ancestor)]
        yield from (line for line in continued(read_inherited(ancestor), resumes) if isinstance(line, Metrics))
    yield from (line for line in read_course(run) if isinstance(line, Metrics))


def _counts(seq: int, ancestor: Ancestor) -> bool:
    return not ancestor.seq or seq <= ancestor.seq


def _reader(key: SeriesKey) -> Callable[[Metrics], object]:
    """What takes a series' cell out of a line."""

    def cell(values: Mapping[str, float | None]) -> object:
        if key.name not in values:
            return ""
        value = values[key.name]
        return NOT_FINITE if value is None else value

    match key.group:
        case "loss":
            return lambda line: cell(line.losses)
        case "lr":
            return lambda line: cell(line.lr)
        case "weight":
            return lambda line: cell(line.weights)
        case "health":
            return lambda line: cell(line.health)
        case "figure":
            return lambda line: cell(line.figures)
        case "pace":
            return lambda line: cell({"throughput": line.throughput, "data_wait": line.data_wait})
        case _:
            assert_never(key.group)


def _row(cells: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
