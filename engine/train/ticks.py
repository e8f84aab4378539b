"""Where the loop is right now, as viewers are told it."""

from __future__ import annotations

import time

from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.machine import Machine, Stuck
from engine.train.session import Session


def publish_tick(session: Session, machine: Machine | None, stuck: Stuck | None = None) -> None:
    """Stream it. From another thread than the loop's too: nothing of the session is changed, and nothing recorded.

    Args:
        session: the run at work.
        machine: a reading that is to be told.
        stuck: what is known of a step that does not come to its end.
    """
    message = ev.Tick(
        step=session.progress.step,
        epoch=session.epoch,
        throughput=round(session.throughput or session.pace.throughput, 4),
        state=session.state,
        time=round(time.time(), 3),
        last_seq=session.record.last_seq,
        lines_waiting=session.record.waiting,
        save_failure=session.save_failure,
        stage=stage_of(session),
        machine=machine,
        stuck=stuck,
        holder=session.link.holding.holder,
    )
    session.link.publish(encode(message))


def stage_of(session: Session) -> str:
    """What is done between two steps, or before the method's own objective is trained, and how far; else empty."""
    stage = session.method.stage
    return session.doing or ("" if stage is None else str(stage))
