"""A run's checkpoints, evaluated one after another, each kept in the run's record as soon as it is done."""

from __future__ import annotations

import time

import torch
from msgspec.structs import replace

from engine.device import choose_device
from engine.errors import GanTuiError, RequestError, WorkError
from engine.evaluation.evaluator import Evaluator
from engine.evaluation.keeping import keep
from engine.evaluation.request import EvaluationRequest
from engine.loaded_method import take_up
from engine.methods.method import Method
from engine.protocol.evaluation import Evaluation, Evaluations, Unmeasured
from engine.protocol.jobs import Progress, Remark, Tell
from engine.saved import SavedState


def evaluate(request: EvaluationRequest, tell: Tell) -> Evaluations:
    """Measure the translations of a run's checkpoints, in full float32 precision, and keep the figures.

    Where several are asked for, one that is damaged is told of and left out, and the answer says so; one in which
    nothing translates yet, or that is deleted meanwhile, is told of and left out, too.

    Args:
        request: which checkpoints of which run, and how.
        tell: is told how far the work has come.

    Raises:
        RequestError: the data are not there, or have no such images; the device is not there; or the run's method does
            not translate yet.
        WorkError: the checkpoint, or each of several, is damaged; or an image cannot be read.
    """
    config = request.plan.config
    device = choose_device(replace(config.run, device=request.device))
    evaluator = Evaluator(request.plan, device, tell)
    found: list[Evaluation] = []
    failed: list[Unmeasured] = []
    for saved in request.saved:
        try:
            method, _ = take_up(saved, request.device, weights=request.weights)
        except GanTuiError as error:
            if len(request.saved) == 1:
                raise
            if unmeasured := _left_out(saved, error, tell):
                failed.append(unmeasured)
            continue
        found.append(_evaluated(request, saved, evaluator, method, device, tell))
        if trouble := keep(request.run, found[-1]):
            tell(Remark(text=trouble))
    if not found:
        error_type, fix = (WorkError, f"gan-tui verify {request.run.name}") if failed else (RequestError, "Train on.")
        raise error_type(f"run {request.run.name}", "has no checkpoint that can be evaluated", fix)
    kind = str(config.method.__struct_config__.tag)
    return Evaluations(run=str(request.run.root), method=kind, evaluations=tuple(found), failed=tuple(failed))


def _left_out(saved: SavedState, error: GanTuiError, tell: Tell) -> Unmeasured | None:
    """Tell of one of several checkpoints that is not measured; it is returned where that is a failure."""
    if not saved.folder.exists():  # the run's engine keeps so many and no more, and has saved others meanwhile
        tell(Remark(text=f"Step {saved.manifest.step:,} was deleted meanwhile (left out)."))
        return None
    tell(Remark(text=f"{error.one_line()} (left out)"))
    if not isinstance(error, WorkError):
        return None
    return Unmeasured(step=saved.manifest.step, why=f"{error.subject} {error.fact}")


def _evaluated(
    request: EvaluationRequest,
    saved: SavedState,
    evaluator: Evaluator,
    method: Method,
    device: torch.device,
    tell: Tell,
) -> Evaluation:
    def tell_which(said: Progress | Remark) -> None:
        if isinstance(said, Progress) and len(request.saved) > 1:
            said = replace(said, what=f"{said.what}, step {saved.manifest.step:,}")
        tell(said)

    measured = evaluator.evaluate(method, tell_which)
    return Evaluation(
        time=round(time.time(), 3),
        by=request.by,
        run=saved.manifest.run,
        step=saved.manifest.step,
        seq=saved.manifest.seq,
        figures=measured.figures,
        conditions=replace(evaluator.conditions, weights=request.weights),
        device=str(device),
        seconds=round(measured.seconds, 3),
        digits=measured.digits,
    )
