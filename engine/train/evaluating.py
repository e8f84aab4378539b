"""Evaluations while a run trains: made at a step boundary, after which everything is as it was."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from msgspec.structs import replace

from engine.config.figure_names import OBJECTIVE
from engine.config.figures import chosen_figures, is_better
from engine.config.methods import TrainConfig
from engine.errors import GanTuiError
from engine.evaluation.request import EvaluationPlan
from engine.methods.method import random_state_kept
from engine.out_of_memory import is_out_of_memory
from engine.protocol import events as ev
from engine.protocol.jobs import Progress, Remark
from engine.protocol.measured import best_saved_while_training
from engine.train.reporting import tick
from engine.train.saving import finish_saves, save
from engine.train.session import Session

if TYPE_CHECKING:
    from engine.evaluation.evaluator import Evaluator, Measured

log = logging.getLogger(__name__)


class AbandonedError(Exception):
    """A signal asks for the end of the run: its state is to be saved, and not to wait for the last image."""


def build_evaluator(config: TrainConfig, device: torch.device, between: Callable[[], None]) -> Evaluator | None:
    """What measures the run, where its preset asks for that; what is drawn afterwards does not depend on it.

    Args:
        config: the run's preset.
        device: where it measures.
        between: called between two steps of a judge's training, and the like; it may raise what ends the preparations.

    Raises:
        RequestError: there are no images kept apart; or the Inception network's weights are not there.
        WorkError: an image cannot be read, or the weights are damaged.
    """
    asked = config.evaluation
    if not asked.every:
        return None
    from engine.evaluation.evaluator import Evaluator  # here, as torchmetrics takes a second to import

    figures = chosen_figures(config, asked.figures, "evaluation.figures")
    plan = EvaluationPlan(config=config, figures=figures, images=asked.images, fid_weights=asked.fid_weights)
    with random_state_kept({device}):
        return Evaluator(plan, device, _log, between)


def know_the_best(session: Session) -> None:
    """Read from the journal of a run that is taken up again which value is to be surpassed."""
    best_by = session.config.checkpoint.best_by
    if session.evaluator is not None and best_by != OBJECTIVE:
        session.best_figure = best_saved_while_training(session.run, best_by)


def evaluate_if_due(session: Session) -> None:
    """Measure the state and journal the figures, where it is time or the last step is done.

    The next line of metrics has them. Where they are the best so far by checkpoint.best_by, the state is to be saved.
    """
    if session.evaluator is None:
        return
    step = session.progress.step
    due = session.evaluation_cadence.due(step) or step == session.total_steps
    if not due or session.method.stage is not None:  # while what translation needs is still trained, nothing translates
        return
    begun = time.monotonic()
    phase = session.steps.phase
    session.steps.turn_to("held")
    try:
        measured = _measure(session, session.evaluator)
    finally:
        session.doing = ""
        session.pace.held += time.monotonic() - begun
        session.steps.turn_to(phase)
    if measured is not None:
        _journal(session, session.evaluator, measured)


def save_best(session: Session) -> None:
    """Save the state, which an evaluation has found to be the best so far; no other is being saved."""
    session.is_best = False
    save(session, "best")


def _measure(session: Session, evaluator: Evaluator) -> Measured | None:
    def tell(said: Progress | Remark) -> None:
        if isinstance(said, Progress):
            session.doing = f"evaluating {said.done:,}/{said.total:,}"

    def pause() -> None:
        if session.link.interrupted_by:
            raise AbandonedError
        session.followers.require_whole()
        tick(session)

    try:
        return evaluator.evaluate(session.method, tell, pause)
    except AbandonedError:
        log.info("the evaluation of step %d was abandoned for %s", session.progress.step, session.link.interrupted_by)
    except GanTuiError as error:
        fact = f"of step {session.progress.step:,} could not be made: {error.subject} {error.fact}"
        session.alert("evaluation", fact, f"{error.fix} Training goes on.".lstrip())
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        fact = f"of step {session.progress.step:,} could not be made: memory is full beside the training"
        fix = f"Training goes on. Leave fid and kid out, or measure beside it: gan-tui eval {session.run.name}"
        session.alert("evaluation", fact, fix)
    if session.device.type == "cuda":
        torch.cuda.empty_cache()  # what was taken for an evaluation that failed is the next step's again
    return None


def _journal(session: Session, evaluator: Evaluator, measured: Measured) -> None:
    best_by = session.config.checkpoint.best_by
    session.is_best = best_by != OBJECTIVE and _is_best(session, best_by, measured.figures.get(best_by))
    evaluated = ev.Evaluated(
        **session.stamp(),
        figures=measured.figures,
        conditions=replace(evaluator.conditions, precision=session.config.run.precision),
        seconds=round(measured.seconds, 3),
        best_by=best_by if session.is_best else "",
    )
    session.record.write(evaluated)
    session.figures = measured.figures


def _is_best(session: Session, figure: str, value: float | None) -> bool:
    """Whether a value is better than all of which the state is saved; waits for a state that is being saved."""
    if not is_better(figure, value, session.best_figure):
        return False
    finish_saves(session)
    if not is_better(figure, value, session.best_figure):
        return False
    session.figure_to_save = value
    return True


def _log(said: Progress | Remark) -> None:
    log.info(said.text if isinstance(said, Remark) else f"{said.what}: {said.done:,} of {said.total:,}")
