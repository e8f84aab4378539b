"""What changed since a nudge: each loss over equal windows before and after it, against what chance alone does.

Lines of metrics are noisy, follow on one another, and fall by themselves. So a window is cut into batches of lines, and
the spread of the batches' means says how far off the window's mean may be (the method of batch means, which lines that
resemble their neighbours do not deceive as the spread of single lines would), a steady rise or fall aside. A difference
counts as more than noise where Student's t says so at 99 %. Where the loss moved as much one window earlier, that is
said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf, isfinite, sqrt
from statistics import fmean
from typing import Literal, NamedTuple, TypeAlias

from engine.protocol.events import Change
from gan_tui.state.nudges import Made, net
from gan_tui.state.series import Stretch

LEAST_LINES = 12
"""Of a window: fewer say nothing."""
MOST_LINES = 200
"""Of a window: what lies further off has other causes by then."""
LEAST_BATCHES, MOST_BATCHES = 4, 16
LINES_IN_BATCH = 4
"""As far as there are enough lines."""
T_OF_NORMAL = 2.5758
"""Two-sided 99 % of the normal distribution."""

Verdict: TypeAlias = Literal["higher", "lower", "within noise", "as before", "not comparable"]


class Window(NamedTuple):
    """One loss over some lines."""

    mean: float
    error: float
    """Standard error of the mean."""
    batches: int


class Row(NamedTuple):
    """One loss."""

    name: str
    before: float
    """Brought to the weight after the nudge."""
    after: float
    factor: float
    """What the weight alone does to it; 1 where the nudge did not weigh it anew."""
    noise: float
    """How large a difference chance alone makes in 99 of 100 cases."""
    drift: float | None
    """The difference one window earlier; None where that window is not there."""
    verdict: Verdict


class Effect(NamedTuple):
    """What can be said of a nudge."""

    nudges: tuple[Made, ...]
    """Those that took force within one line of metrics: their effects cannot be told apart."""
    changes: tuple[Change, ...]
    """What they came to together."""
    place: int
    """Which of the run's nudges that is, from 1."""
    places: int
    lines: int
    """Of each window; 0 where nothing can be said yet."""
    before: tuple[float, float]
    """The steps of the first window: after the one, up to the other."""
    after: tuple[float, float]
    rows: tuple[Row, ...]
    problem: str
    """Why nothing can be said, or with what reservation."""


def grouped(nudges: Iterable[Made], ends: Sequence[float]) -> list[tuple[Made, ...]]:
    """Nudges that took force within the same line of metrics go together.

    Args:
        nudges: oldest first.
        ends: the last step of each line, rising.
    """
    groups: list[list[Made]] = []
    place: int | None = None
    for nudge in nudges:
        line = bisect_right(ends, nudge.step)
        if groups and line == place:
            groups[-1].append(nudge)
        else:
            groups.append([nudge])
        place = line
    return [tuple(group) for group in groups]


def effect_of(
    nudges: Sequence[Made],
    names: Sequence[str],
    course: Sequence[Stretch],
    weighed_by: Mapping[str, tuple[str, ...]],
    back: int = 0,
) -> Effect | None:
    """What changed since a nudge; None where the run has none.

    Args:
        nudges: of the run, oldest first.
        names: of the losses, in the order of the values.
        course: the run's lines, or what is known of them, oldest first.
        weighed_by: each loss to the controls that multiply it.
        back: which nudge: 0 the newest, 1 the one before ...
    """
    ends = [stretch.last for stretch in course]
    groups = grouped(nudges, ends)
    if not groups:
        return None
    place = max(0, len(groups) - 1 - back)
    group, changes = groups[place], net(groups[place])
    earliest = groups[place - 1][-1].step if place else -inf
    latest = groups[place + 1][0].step if place + 1 < len(groups) else inf
    lines = list(zip([-inf, *ends], course, strict=False))
    before = [line for begin, line in lines if begin >= earliest and line.last <= group[0].step]
    after = [line for begin, line in lines if begin >= group[-1].step and line.last <= latest]
    first, second, both = _windows(before, after)
    of_earlier = _newest(before[: len(before) - len(first)], both)
    rows: tuple[Row, ...] = ()
    if both:
        rows = tuple(
            row
            for index, name in enumerate(names)
            if (row := _row(index, name, first, second, of_earlier, _factor(name, changes, weighed_by)))
        )
    return Effect(
        nudges=group,
        changes=changes,
        place=place + 1,
        places=len(groups),
        lines=both,
        before=_extent(first, before, lines),
        after=_extent(second, after, lines),
        rows=rows,
        problem=_problem(changes, _count(before), _count(after), isfinite(latest), weighed_by, both),
    )


def quantile(freedom: int) -> float:
    """Two-sided 99 % of Student's t with so many degrees of freedom, by Fisher and Cornish's expansion."""
    z = T_OF_NORMAL
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


# -------------------------------------------------------------------------------------------------------- inside


def _count(stretches: Iterable[Stretch]) -> int:
    return sum(stretch.lines for stretch in stretches)


def _newest(stretches: Sequence[Stretch], lines: int) -> list[Stretch]:
    """The last stretches of so many lines; none where there are not so many."""
    taken: list[Stretch] = []
    for stretch in reversed(stretches):
        if lines and _count(taken) + stretch.lines > lines:
            break
        taken.append(stretch)
    return taken[::-1] if lines and _count(taken) == lines else []


def _windows(before: Sequence[Stretch], after: Sequence[Stretch]) -> tuple[list[Stretch], list[Stretch], int]:
    """Equal windows on either side, and how many lines each has; 0 where there are too few."""
    size = max((stretch.lines for stretch in (*before, *after)), default=1)
    lines = min(_count(before), _count(after), max(MOST_LINES, LEAST_BATCHES * size)) // size * size
    while lines >= LEAST_LINES:
        first = _newest(before, lines)
        second = _newest([*reversed(after)], lines)[::-1]
        if first and second and min(len(first), len(second)) >= LEAST_BATCHES:
            return first, second, lines
        lines -= size
    return [], [], 0


def _row(
    index: int,
    name: str,
    before: Sequence[Stretch],
    after: Sequence[Stretch],
    earlier: Sequence[Stretch],
    factor: float | None,
) -> Row | None:
    was, now = _window(index, before), _window(index, after)
    if was is None or now is None:
        return None
    if factor is None:
        return Row(name, was.mean, now.mean, 1.0, 0.0, None, "not comparable")
    scaled, error = was.mean * factor, was.error * abs(factor)
    noise = _noise((error, now.error), (was.batches, now.batches))
    difference = now.mean - scaled
    drift = None
    verdict: Verdict = "within noise"
    if abs(difference) > noise:
        verdict = "higher" if difference > 0 else "lower"
    if (past := _window(index, earlier)) is not None:
        drift = (was.mean - past.mean) * factor
        beyond = _noise((past.error * abs(factor), 2 * error, now.error), (past.batches, was.batches, now.batches))
        if verdict != "within noise" and drift * difference > 0 and abs(difference - drift) <= beyond:
            verdict = "as before"
    return Row(name, scaled, now.mean, factor, noise, drift, verdict)


def _window(index: int, stretches: Sequence[Stretch]) -> Window | None:
    """A loss's mean; None where it is not finite throughout."""
    if not stretches:
        return None
    values = [stretch.values[index] for stretch in stretches]
    numbers = [value for value in values if value is not None and isfinite(value)]
    if len(numbers) < len(values):
        return None
    batches = max(LEAST_BATCHES, min(MOST_BATCHES, len(numbers) // LINES_IN_BATCH))
    means = [fmean(part) for part in _parts(numbers, batches)]
    return Window(fmean(numbers), sqrt(_scatter(means) / batches), batches)


def _parts(values: Sequence[float], parts: int) -> list[Sequence[float]]:
    """Values in their order, in parts as equal as can be."""
    edges = [round(place * len(values) / parts) for place in range(parts + 1)]
    return [values[begin:end] for begin, end in pairwise(edges)]


def _scatter(values: Sequence[float]) -> float:
    """The variance about a straight line: what a loss rises or falls by within the window is no noise."""
    centre = (len(values) - 1) / 2
    mean = fmean(values)
    slope = sum((place - centre) * value for place, value in enumerate(values))
    slope /= sum((place - centre) ** 2 for place in range(len(values)))
    rest = (value - mean - slope * (place - centre) for place, value in enumerate(values))
    return sum(each * each for each in rest) / (len(values) - 2)


def _noise(errors: Sequence[float], batches: Sequence[int]) -> float:
    return quantile(sum(batches) - 2 * len(batches)) * sqrt(sum(error * error for error in errors))


def _factor(name: str, changes: Iterable[Change], weighed_by: Mapping[str, tuple[str, ...]]) -> float | None:
    """What the nudge's weights alone make of a loss; None where they take it away or bring it about."""
    weights = weighed_by.get(name, ())
    factor = 1.0
    for change in changes:
        if change.name in weights:
            if change.old == 0 or change.new == 0:
                return None
            factor *= change.new / change.old
    return factor


def _extent(
    window: Sequence[Stretch], there: Sequence[Stretch], lines: Sequence[tuple[float, Stretch]]
) -> tuple[float, float]:
    shown = window or there
    if not shown:
        return (0.0, 0.0)
    begin = next(begin for begin, line in lines if line is shown[0])
    return (max(0.0, begin), shown[-1].last)


def _problem(
    changes: Sequence[Change],
    before: int,
    after: int,
    closed: bool,
    weighed_by: Mapping[str, tuple[str, ...]],
    lines: int,
) -> str:
    if not changes:
        return "These nudges took one another back within one line of metrics: nothing was changed."
    if not lines:
        if before < LEAST_LINES:
            reason = f"only {before} lines of metrics were written between the change before it and this one"
            return f"Nothing can be said: {reason}, and it takes {LEAST_LINES}."
        if closed:
            return (
                f"Nothing can be said: the next nudge came {after} lines of metrics later, and it takes {LEAST_LINES}."
            )
        return f"Not enough yet: {after} of {LEAST_LINES} lines of metrics since."
    shaping = [
        change.name
        for change in changes
        if change.name.startswith("loss.") and not any(change.name in weights for weights in weighed_by.values())
    ]
    if shaping and weighed_by:
        return f"{', '.join(shaping)} shapes losses otherwise than as a factor: a difference may be its own doing."
    return ""
