"""Which checkpoint of a run a request means: that of a step, the latest, or the best by an objective or a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias, get_args

from engine.config.figure_names import OBJECTIVE, BestBy
from engine.errors import RequestError, WorkError
from engine.protocol.checkpoints import Manifest, damage_of, list_checkpoints, unreadable_checkpoints
from engine.protocol.imported import how_to_begin_anew
from engine.protocol.lost_checkpoints import require_readable, require_those_on_record
from engine.protocol.measured import by_figure, configured_best_by, evaluations_of
from engine.protocol.rundir import RunDirectory, read_identity

LATEST = "latest"
BEST = "best"
"""What a request may say in place of a step; "best:FIGURE" names by what."""

Examine: TypeAlias = Callable[[Path, Manifest], str]
"""Says what is wrong with a checkpoint, as a clause; empty for a whole one."""


def choose_checkpoint(run: RunDirectory, which: str, examine: Examine | None = None) -> tuple[Path, Manifest]:
    """The checkpoint that a request names.

    Args:
        run: whose.
        which: a step; "latest", the newest that is whole (the newest of all where none is); "best", the first whole one
            of ranked; or "best:FIGURE", the same by a figure that evaluations have measured, or by "objective".
        examine: tells which is whole; by default damage_of.

    Raises:
        RequestError: there is none, or none of that step, or none that is known to be best.
        WorkError: there is a folder for that step, and what it holds cannot be read, or there are folders of others
            alone, or none of those on record; or run.json cannot be read.
    """
    examine = examine or damage_of
    checkpoints = list_checkpoints(run)
    if not checkpoints:
        anew = how_to_begin_anew(read_identity(run))
        require_readable(run, anew)
        require_those_on_record(run, (), anew)
        raise RequestError(f"run {run.name}", "has no checkpoint", anew[0].upper() + anew[1:])
    whole = list(checkpoints)
    if not is_relative(which):
        return _of_step(run, which, checkpoints)
    while whole and examine(*whole[-1]):
        whole.pop()
    if which == LATEST:
        return (whole or checkpoints)[-1]
    return _best(run, whole, examine, which.partition(":")[2] or configured_best_by(run))


def is_relative(which: str) -> bool:
    """Whether a request names a checkpoint by what it is among the others, and not by its step."""
    return which in (LATEST, BEST) or which.startswith(f"{BEST}:")


def ranked(run: RunDirectory, checkpoints: Iterable[tuple[Path, Manifest]], by: str) -> list[tuple[Path, Manifest]]:
    """Those of a run's checkpoints that compare, best first.

    Args:
        run: whose evaluations count.
        checkpoints: some of its checkpoints.
        by: "objective", or a figure.
    """
    return by_objective(checkpoints) if by == OBJECTIVE else by_figure(evaluations_of(run), checkpoints, by)


def _best(
    run: RunDirectory, checkpoints: list[tuple[Path, Manifest]], examine: Examine, by: str
) -> tuple[Path, Manifest]:
    """The first whole one by what is asked for, among those up to the newest whole one, whose loss weights count."""
    if by not in get_args(BestBy):
        raise RequestError(f"{BEST}:{by}", "is not known", f"Choose from {', '.join(get_args(BestBy))}.")
    for folder, manifest in ranked(run, checkpoints, by):
        if not examine(folder, manifest):
            return folder, manifest
    subject = f"the {BEST} checkpoint of run {run.name}"
    if by != OBJECTIVE:
        fix = f"Measure them: gan-tui eval {run.name} --checkpoint all --figure {by}"
        raise RequestError(subject, f"is not known: {by} was measured of none that is undamaged", fix)
    fact = "is not known: no undamaged checkpoint has a generator objective under the newest one's loss weights"
    steps = ", ".join(str(manifest.step) for _, manifest in checkpoints)
    fix = f"Name a step: {steps}." if checkpoints else ""
    raise RequestError(subject, fact, fix)


def _of_step(run: RunDirectory, which: str, checkpoints: list[tuple[Path, Manifest]]) -> tuple[Path, Manifest]:
    steps = {str(manifest.step): (folder, manifest) for folder, manifest in checkpoints}
    wanted = which.replace(",", "").removeprefix("step-").lstrip("0") or "0"
    if wanted in steps:
        return steps[wanted]
    fix = f"There are {', '.join(steps)}, and {LATEST} and {BEST}."
    for folder, damage in unreadable_checkpoints(run):
        if str(int(folder.name.removeprefix("step-"))) == wanted:
            raise WorkError(f"checkpoint {wanted} of run {run.name}", damage, fix)
    raise RequestError(f"checkpoint {which} of run {run.name}", "does not exist", fix)


def by_objective(checkpoints: Iterable[tuple[Path, Manifest]]) -> list[tuple[Path, Manifest]]:
    """The checkpoints whose generator objective compares with the newest's, lowest and so best first.

    An objective is a sum of weighted losses: only under equal loss weights do two of them compare. Of equals the newer
    comes first.
    """
    newest_first = sorted(checkpoints, key=lambda pair: pair[1].step, reverse=True)
    weights = [_loss_weights(manifest) for _, manifest in newest_first]
    comparable = [
        (manifest.objective, folder, manifest)
        for (folder, manifest), under in zip(newest_first, weights, strict=True)
        if manifest.objective is not None and under == weights[0]
    ]
    return [(folder, manifest) for _, folder, manifest in sorted(comparable, key=lambda each: each[0])]


def _loss_weights(manifest: Manifest) -> dict[str, float]:
    return {name: value for name, value in manifest.controls.items() if name.startswith("loss.")}
