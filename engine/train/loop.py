"""The step loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from enum import Enum
from functools import partial

from engine.data.domains import Problem
from engine.data.stream import Batch, BatchStream
from engine.errors import WorkError
from engine.methods.descent import Losses
from engine.protocol import events as ev
from engine.ranks.division import divided
from engine.ranks.followers import LostRankError
from engine.ranks.group import leave, settle
from engine.schedules import Plateau
from engine.train.capture import Step, build_step
from engine.train.evaluating import evaluate_if_due, save_best
from engine.train.reporting import begin_line, enter, finish_line, settle_line, tell_of_stage, tick, watch_disk
from engine.train.saving import finish_saves, save
from engine.train.sentinels import require_saved, watch_saves
from engine.train.session import Session
from engine.train.showing import finish_sheets, take_sample
from engine.train.steering import Steering

log = logging.getLogger(__name__)


class Ending(Enum):
    """Why a run's training is over."""

    FINISHED = "finished"
    STOPPED = "stopped"


def train(session: Session) -> Ending:
    """Train until the last step or until told to stop; record, sample and save on the way.

    Raises:
        WorkError: no more images can be read, losses are not finite, or the last checkpoint cannot be written.
    """
    try:
        return _train(session)
    except LostRankError:
        session.followers.leave_device()
        if session.line is not None and not session.line.done:
            session.line = None  # its losses, as pictures under way, may wait on the device for a rank that is gone
        _complete(session, finish_saves)
        raise
    except Exception:
        _complete(session, Session.write_line, finish_sheets, finish_saves)
        raise


def _complete(session: Session, *under_way: Callable[[Session], None]) -> None:
    """Complete what is under way before a run that fails is let go of; what fails of that is only logged.

    It is most likely of the same cause, and the error that ends the run is the first.
    """
    for finish in under_way:
        try:
            finish(session)
        except Exception:
            log.exception("while the run failed, something under way could not be completed")


def _train(session: Session) -> Ending:
    steering = Steering(session)
    steps = session.steps
    with _open_stream(session) as stream, session.machine, session.stuck or nullcontext():
        if session.progress.step == 0:
            take_sample(session)
        step = build_step(session.method, session.config, session.device, partial(_tell_of_launching, session))
        session.pace.restart()
        while steering.obey() and session.progress.step < session.total_steps:
            steps.begin_step()
            batch = _next_batch(session, stream)
            stage = session.method.stage
            session.meters.add(_take_step(session, step, batch))
            steps.turn_to("device")
            session.lead.step_given()
            steps.turn_to("record")
            _advance(session, batch)
            evaluate_if_due(session)
            if session.log_cadence.due(session.progress.step):
                begin_line(session)
            settle_line(session)
            if stage and not session.method.stage:
                tell_of_stage(session, stage)
            if batch.last_in_epoch:
                steps.turn_to("other")
                _end_epoch(session)
            _sample_and_save(session)
            steps.turn_to("record")
            watch_saves(session)
            tick(session)
            steps.turn_to("other")
    return _end(session, steering)


def _open_stream(session: Session) -> BatchStream:
    return BatchStream(
        session.source,
        session.config.run.batch,
        session.progress.epoch,
        session.progress.index,
        workers=session.source.workers,
        pin=session.device.type == "cuda",
        shard=session.followers.seat.shard,
    )


def _tell_of_launching(session: Session, reason: str) -> None:
    fact = f"are launched one by one instead of being replayed from a recording ({reason})"
    session.alert("the operations of a step", fact, 'Training goes on; run.graph = "off" asks for that.')


def _next_batch(session: Session, stream: BatchStream) -> Batch:
    begun = time.monotonic()
    try:
        batch = next(stream)
        elsewhere = session.followers.await_images()
    except LostRankError:
        raise
    except WorkError:
        _save_before_failing(session)
        raise
    session.pace.waited += time.monotonic() - begun
    session.report_problems((*batch.problems, *(Problem(passed.path, passed.reason) for passed in elsewhere)))
    return batch


def _take_step(session: Session, step: Step, batch: Batch) -> Losses:
    """A step on a batch, which all ranks do together, each on its share."""
    done, place = session.progress.step, batch.place
    session.followers.order_step(done, place.epoch, place.index, session.loss_weights, session.rates)
    with session.followers.taking_part(), divided(batch.division):
        session.steps.turn_to("prepare")
        images = batch.on(session.device)
        session.steps.turn_to("compute")
        return step(images)


def _save_before_failing(session: Session) -> None:
    """The state is whole; only images are missing. Once they are back, the run goes on from here."""
    finish_saves(session)
    if session.progress.step > 0 and session.saved_step != session.progress.step:
        save(session, "failure")


def _advance(session: Session, batch: Batch) -> None:
    progress = session.progress
    progress.step += 1
    progress.images += len(batch)
    progress.epoch, progress.index = batch.following.epoch, batch.following.index
    session.pace.steps += 1
    if not session.begun:
        session.begun = True
        session.phase = ""
        session.record.write(ev.Training(**session.stamp()))
        if session.state == "starting":
            enter(session, "training")


def _end_epoch(session: Session) -> None:
    session.schedule.epoch_done(_objective_of_epoch(session))
    session.set_rates()


def _objective_of_epoch(session: Session) -> float | None:
    """What the generators came to, where the schedule goes by it; the loop waits for the device in that case alone."""
    if isinstance(session.schedule, Plateau):
        return session.meters.drain_epoch(session.to_host, session.method.objective)
    session.meters.forget_epoch()
    return None


def _sample_and_save(session: Session) -> None:
    step = session.progress.step
    session.steps.turn_to("sample")
    if session.sample_cadence.due(step) and not take_sample(session):
        fact = f"of step {step:,} is left out: the one before is still being written"
        session.alert("contact sheet", fact, "Sample less often (sample.every), or on a faster disk.")
    session.steps.turn_to("checkpoint")
    due = session.checkpoint_cadence.due(step)
    if session.is_best:
        finish_line(session)
        save_best(session)
    elif due:
        if session.saves.busy:
            fact = f"of step {step:,} is left out: the one before is still being written"
            session.alert("checkpoint", fact, "Save less often (checkpoint.every), or on a faster disk.")
        else:
            finish_line(session)  # a state is not saved whose losses are known not to be finite
            save(session, "schedule")


def _show_the_last(session: Session) -> None:
    """The last pictures, where they fall between two of the cadence's; before the checkpoint, which shows them too."""
    finish_sheets(session)
    if session.sampled_step != session.progress.step:
        take_sample(session)
        finish_sheets(session)


def _end(session: Session, steering: Steering) -> Ending:
    """Save what is to be saved, wait for it to reach the disk, and close the journal."""
    settle(session.device)  # one that is lost after its last order is not missed
    session.followers.stop()
    leave(session.device)
    finished = session.progress.step >= session.total_steps
    saving = finished or (steering.stop is not None and steering.stop.how != "discard")
    finish_line(session)
    enter(session, "stopping")
    if finished:
        _show_the_last(session)
    if saving and session.saved_step != session.progress.step:
        save(session, "end" if finished else "stop")
    if finished and session.meters.pending and session.progress.step != session.resumed_step:
        begin_line(session)  # after the state was copied: a branch that trains longer goes on with a whole interval
        finish_line(session)
    finish_saves(session)
    finish_sheets(session)
    watch_disk(session)
    if saving:
        require_saved(session)
    if finished:
        session.record.write(ev.Finished(**session.stamp()))
        enter(session, "finished")
        return Ending.FINISHED
    session.record.write(ev.Stopped(**session.stamp(), by=steering.stopped_by, saved=saving))
    enter(session, "stopped")
    return Ending.STOPPED
