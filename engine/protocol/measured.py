"""What is known of how good a run's checkpoints are: evaluations in its journal, and those in evaluations.jsonl.

A run's journal is written by its engine alone, and tells what it measured while it trained. Whoever measures a
checkpoint beside that appends to the other file. Each is in one of the two, and readers take both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from engine.config.figure_names import OBJECTIVE
from engine.config.figures import higher_is_better, is_better
from engine.errors import GanTuiError
from engine.protocol.checkpoints import Manifest
from engine.protocol.codec import DecodeError, decode_json
from engine.protocol.conditions import Conditions
from engine.protocol.course import checkpoints_on_record, continued, resumes_of
from engine.protocol.evaluation import EVALUATION_SCHEMA, Evaluation
from engine.protocol.events import Evaluated, Resumed
from engine.protocol.record import journaled
from engine.protocol.rundir import RunDirectory, read_identity

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
    """Of each figure, under the conditions that count (see counting)."""


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
    """The checkpoints of which a figure was measured and counts (see counting), best first; of equals the newer."""
    listed = list(checkpoints)
    of_these = [each for each in evaluations if any(is_of(each, manifest) for _, manifest in listed)]
    counted = counting(of_these)
    sign = -1 if higher_is_better(figure) else 1
    found = []
    for folder, manifest in listed:
        value = figures_of(counted, manifest).get(figure)
        if value is not None:
            found.append((sign * value, -manifest.step, folder, manifest))
    return [(folder, manifest) for *_, folder, manifest in sorted(found, key=lambda each: each[:2])]


def counting(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """The evaluations with those figures alone that compare with one another.

    Values of a figure compare only where they were measured under the same conditions (see _decisive). What was
    measured on another folder than the run's own never counts.
    """
    evaluations = [each for each in evaluations if not each.conditions.data]
    names = {name for each in evaluations for name in each.figures}
    under = {name: _decisive([each for each in evaluations if name in each.figures], name) for name in names}
    found = []
    for each in evaluations:
        figures = {
            name: value for name, value in each.figures.items() if each.conditions.bearing_on(name) == under[name]
        }
        if figures:
            found.append(replace(each, figures=figures))
    return found


def _decisive(measured: Sequence[Evaluation], figure: str) -> Conditions:
    """The conditions under which a figure counts: those of the run's own engine, where it measured it.

    Else those under which most states were, so that a glance at a few images, or at one checkpoint, changes nothing; of
    equally many those with more images, and then the newer. Training images decide nothing where others were measured.

    Args:
        measured: evaluations that have the figure, by time; at least one.
        figure: its name.
    """
    if own := _of_training(measured):
        return own[-1].conditions.bearing_on(figure)
    states: dict[Conditions, set[tuple[str, int]]] = {}
    for each in measured:
        conditions = each.conditions.bearing_on(figure)
        seen = states.pop(conditions, set())  # put back at the end: in the order of the newest of each
        states[conditions] = {*seen, (each.run, each.step)}

    def weight(item: tuple[int, Conditions]) -> tuple[bool, int, int, int]:
        order, conditions = item
        images = conditions.images_A + conditions.images_B
        return conditions.split != "train", len(states[conditions]), images, order

    return max(enumerate(states), key=weight)[1]


def figures_of(counted: Iterable[Evaluation], manifest: Manifest) -> dict[str, float | None]:
    """What was measured of a checkpoint: each figure as it was measured last.

    Args:
        counted: the run's evaluations as counting gives them.
        manifest: the checkpoint's.
    """
    found: dict[str, float | None] = {}
    for each in counted:
        if is_of(each, manifest):
            found.update(each.figures)
    return found


def figures_so_far(evaluations: Sequence[Evaluation]) -> FiguresSoFar | None:
    """The newest figures of a run and the best, of those that count (see counting); None where there are none."""
    counted = counting(evaluations)
    if not counted:
        return None
    step = max(each.step for each in counted)
    newest: dict[str, float | None] = {}
    best: dict[str, Best] = {}
    for each in counted:
        if each.step == step:
            newest.update(each.figures)
        for name, value in each.figures.items():
            if value is not None and is_better(name, value, best[name].value if name in best else None):
                best[name] = Best(value=value, step=each.step)
    return FiguresSoFar(step=step, figures=newest, best=best)


def best_saved_while_training(run: RunDirectory, figure: str) -> float | None:
    """The best value of a figure that a run's own engines have measured of a state and saved that; None for none."""
    saved = checkpoints_on_record(run, deleted=True)
    found = figures_so_far([each for each in _of_training(evaluations_of(run)) if each.step in saved])
    return found.best[figure].value if found and figure in found.best else None


def is_of(evaluation: Evaluation, manifest: Manifest) -> bool:
    """Whether an evaluation is one of a checkpoint's state; a run may pass a step twice."""
    same = evaluation.run == manifest.run and evaluation.step == manifest.step
    return same and evaluation.seq in (None, manifest.seq)


def _of_training(evaluations: Iterable[Evaluation]) -> list[Evaluation]:
    return [each for each in evaluations if each.by == TRAINING]


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
