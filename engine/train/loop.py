"""The step loop."""

from __future__ import annotations

import time
from enum import Enum

from engine.data.stream import Batch, BatchStream
from engine.errors import WorkError
from engine.protocol import events as ev
from engine.train.session import Session
from engine.train.steering import Steering


class Ending(Enum):
    """Why a run's training is over."""

    FINISHED = "finished"
    STOPPED = "stopped"


def train(session: Session) -> Ending:
    """Train until the last step or until told to stop; record, sample and save on the way.

    Raises:
        WorkError: no more images can be read, or the last checkpoint cannot be written.
    """
    try:
        return _train(session)
    except Exception:
        session.finish_errands()  # what is being written is completed before the run is let go of
        raise


def _train(session: Session) -> Ending:
    steering = Steering(session)
    with _open_stream(session) as stream:
        if session.progress.step == 0:
            session.take_sample()
        session.pace.restart()
        while steering.obey() and session.progress.step < session.total_steps:
            batch = _next_batch(session, stream)
            session.meters.add(session.method.step(batch.on(session.device)))
            _advance(session, batch)
            if session.log_cadence.due(session.progress.step):
                session.write_metrics()
            if batch.last_in_epoch:
                _end_epoch(session)
            _sample_and_save(session)
            session.tick()
    return _end(session, steering)


def _open_stream(session: Session) -> BatchStream:
    return BatchStream(
        session.source,
        session.config.run.batch,
        session.progress.epoch,
        session.progress.index,
        workers=session.source.workers,
        pin=session.device.type == "cuda",
    )


def _next_batch(session: Session, stream: BatchStream) -> Batch:
    begun = time.monotonic()
    batch = next(stream)
    session.pace.waited += time.monotonic() - begun
    session.report_problems(batch.problems)
    return batch


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
            session.enter("training")


def _end_epoch(session: Session) -> None:
    session.schedule.epoch_done(session.meters.drain_epoch(session.method.objective))
    session.set_rates()


def _sample_and_save(session: Session) -> None:
    step = session.progress.step
    if session.sample_cadence.due(step) and not session.take_sample():
        fact = f"of step {step:,} is left out: the one before is still being written"
        session.alert("contact sheet", fact, "Sample less often (sample.every), or on a faster disk.")
    if session.checkpoint_cadence.due(step):
        if session.saves.busy:
            fact = f"of step {step:,} is left out: the one before is still being written"
            session.alert("checkpoint", fact, "Save less often (checkpoint.every), or on a faster disk.")
        else:
            session.save("schedule")


def _record_the_rest(session: Session) -> None:
    """The last steps and the last pictures, where they fall between two of the cadence's.

    After the checkpoint was copied, so that a branch which trains longer goes on with a whole interval.
    """
    if session.progress.step == session.resumed_step:
        return
    if session.meters.pending:
        session.write_metrics()
    if session.sampled_step != session.progress.step:
        session.take_sample()


def _end(session: Session, steering: Steering) -> Ending:
    """Save what is to be saved, wait for it to reach the disk, and close the journal."""
    finished = session.progress.step >= session.total_steps
    saving = finished or (steering.stop is not None and steering.stop.how != "discard")
    session.enter("stopping")
    if saving and session.saved_step != session.progress.step:
        session.save("end" if finished else "stop")
    if finished:
        _record_the_rest(session)
    if not session.finish_errands():
        fix = "Make room on the disk, then: gan-tui resume"
        raise WorkError("the last checkpoint", f"of step {session.progress.step:,} could not be written", fix)
    if finished:
        session.record.write(ev.Finished(**session.stamp()))
        session.enter("finished")
        return Ending.FINISHED
    session.record.write(ev.Stopped(**session.stamp(), by=steering.stopped_by, saved=saving))
    session.enter("stopped")
    return Ending.STOPPED
