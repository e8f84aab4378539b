"""What is known of how good a run's checkpoints are: evaluations in its journal, and those in evaluations.jsonl.

A run's journal is written by its engine alone, and tells what it measured while it trained. Whoever measures a
checkpoint beside that appends to the other file. Each is in one of the two, and readers take both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.config.figure_names import OBJECTIVE
from engine.config.figures import higher_is_better, is_better
from engine.errors import GanTuiError
from engine.protocol.codec import DecodeError, decode_json
from engine.protocol.course import continued, resumes_of
from engine.protocol.evaluation import EVALUATION_SCHEMA, Evaluation
from engine.protocol.events import Evaluated, Resumed
from engine.protocol.record import journaled
from engine.protocol.rundir import RunDirectory, read_identity

if TYPE_CHECKING:
    from engine.protocol.checkpoints import Manifest

TRAINING = "training"
"""Who measured what an engine did while it trained."""

_lines = msgspec.json.Decoder(Evaluation)


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """The best value of a figure that a run came to."""

    value: float
    step: int


class FiguresSoFar(msgspec.Struct, frozen=True, kw_only=True):
    """How good a run is, as far as that was measured."""

    step: int
    """Of the newest state that was."""
    figures: dict[str, float | None]
    """Of that."""
    best: dict[str, Best]
    """Of each figure, under the conditions that count (see by_figure)."""


def evaluations_of(run: RunDirectory) -> list[Evaluation]:
    """A run's evaluations by the time at which they were made, without those of a course that was given up.

    A damaged line, and one of a newer version of the format, is left out.
    """
    resumes = resumes_of(run)
    own = _id_of(run)
    kept = (each for each in _kept(run) if each.run != own or _is_continued(each.seq, resumes))
    measured = (_as_evaluation(event, own) for event in continued(journaled(run, Evaluated), resumes))
    return sorted([*kept, *measured], key=lambda each: each.time)


def configured_best_by(run: RunDirectory) -> str:
    """By what a run's configuration says that a checkpoint is the best: its checkpoint.best_by."""
    try:
        tree = tomllib.loads(run.config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return OBJECTIVE
    section = tree.get("checkpoint", {})
    return str(section.get("best_by", OBJECTIVE)) if isinstance(section, dict) else OBJECTIVE


def by_figure(
    evaluations: Sequence[Evaluation], checkpoints: Iterable[tuple[Path, Manifest]], figure: str
) -> list[tuple[Path, Manifest]]:
    """The checkpoints that were measured, best first; of equals the newer comes first.

    Values compare only where they were measured under the same conditions: those of the run's own engine count, so that
    a glance at a few images changes nothing; where it measured no such figure, those of the newest evaluation.
    """
    listed = list(checkpoints)
    having = [
        each for each in evaluations if figure in each.figures and any(is_of(each, manifest) for _, manifest in listed)
    ]
    comparable = _comparable(having, figure)
    sign = -1 if higher_is_better(figure) else 1
    found = []
    for folder, manifest in listed:
        values = [each.figures[figure] for each in comparable if is_of(each, manifest)]
        if values and values[-1] is not None:
            found.append((sign * values[-1], -manifest.step, folder, manifest))
    return [(folder, manifest) for *_, folder, manifest in sorted(found, key=lambda each: each[:2])]


def figures_of(evaluations: Iterable[Evaluation], manifest: Manifest) -> dict[str, float | None]:
    """What was measured of a checkpoint: each figure as it was measured last."""
    found: dict[str, float | None] = {}
    for each in evaluations:
        if is_of(each, manifest):
            found.update(each.figures)
    return found


def figures_so_far(evaluations: Sequence[Evaluation]) -> FiguresSoFar | None:
    """The newest figures of a run and the best; None where there are none."""
    if not evaluations:
        return None
    newest_step = max(each.step for each in evaluations)
    newest: dict[str, float | None] = {}
    for each in evaluations:
        if each.step == newest_step:
            newest.update(each.figures)
    names = dict.fromkeys(name for each in evaluations for name in each.figures)
    bests = {name: _best(evaluations, name) for name in names}
    return FiguresSoFar(
        step=newest_step, figures=newest, best={name: best for name, best in bests.items() if best is not None}
    )


def best_so_far(evaluations: Sequence[Evaluation], figure: str) -> float | None:
    """The best value of a figure under the conditions that count (see by_figure); None where there is none."""
    found = _best(evaluations, figure)
    return found.value if found else None


def is_of(evaluation: Evaluation, manifest: Manifest) -> bool:
    """Whether an evaluation is one of a checkpoint's state; a run may pass a step twice."""
    same = evaluation.run == manifest.run and evaluation.step == manifest.step
    return same and evaluation.seq in (None, manifest.seq)


def _best(evaluations: Sequence[Evaluation], figure: str) -> Best | None:
    found: Best | None = None
    for each in _comparable([each for each in evaluations if figure in each.figures], figure):
        value = each.figures[figure]
        if value is not None and is_better(figure, value, found.value if found else None):
            found = Best(value=value, step=each.step)
    return found


def _comparable(having: Sequence[Evaluation], figure: str) -> list[Evaluation]:
    """Of evaluations that have a figure, those under the conditions that count."""
    if not having:
        return []
    decisive = ([each for each in having if each.by == TRAINING] or having)[-1]
    under = decisive.conditions.bearing_on(figure)
    return [each for each in having if each.conditions.bearing_on(figure) == under]


def _kept(run: RunDirectory) -> list[Evaluation]:
    """The lines of evaluations.jsonl."""
    try:
        lines = run.evaluations.read_bytes().split(b"\n")[:-1]  # what follows the last newline is not whole yet
    except OSError:
        return []
    found = []
    for line in lines:
        with suppress(DecodeError):
            found.append(decode_json(_lines, line))
    return [each for each in found if each.schema <= EVALUATION_SCHEMA]


def _as_evaluation(event: Evaluated, run: str) -> Evaluation:
    return Evaluation(
        time=event.time,
        by=TRAINING,
        run=run,
        step=event.step,
        figures=event.figures,
        conditions=event.conditions,
        seconds=event.seconds,
    )


def _is_continued(seq: int | None, resumes: Sequence[Resumed]) -> bool:
    """Whether a checkpoint that was copied at an event belongs to the course that no resume has given up."""
    return seq is None or all(seq <= resume.from_seq for resume in resumes if seq < resume.seq)


def _id_of(run: RunDirectory) -> str:
    try:
        return read_identity(run).id
    except GanTuiError:
        return ""
