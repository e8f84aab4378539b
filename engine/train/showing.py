"""A session's contact sheets: taken at a step boundary, written on a thread, journaled once they are on file."""

from __future__ import annotations

import logging

from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.train.health import look_at
from engine.train.samples import Shown, lay_out, send_off, write_sheet
from engine.train.session import Session

log = logging.getLogger(__name__)


def take_sample(session: Session) -> bool:
    """Translate the fixed images; a thread writes the sheet once they have come. False while it has one to write.

    The networks run in the device's order of work, between two steps: beside them, on a stream of its own, they would
    read weights that the next step is changing, and that step would have to wait for them all the same.
    """
    if session.sheets.busy:
        return False
    session.sampled_step = session.progress.step
    sample = session.method.sample(session.shown)
    pictures = send_off(sample, session.progress.step, session.to_host)
    session.looks = look_at(sample, session.to_host)
    session.sheets.send(lambda: write_sheet(session.run, lay_out(pictures)))
    return True


def settle_sheets(session: Session) -> None:
    """Journal the sheets that the thread has written."""
    _settle(session, session.sheets.take_done())


def finish_sheets(session: Session) -> None:
    """Wait for the thread, and journal what it did."""
    _settle(session, session.sheets.finish())


def _settle(session: Session, outcomes: list[Shown | Exception]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            log.error("contact sheet failed", exc_info=outcome)
            session.alert("contact sheet", f"could not be written ({outcome})", "Training goes on.")
            continue
        session.thumbnail = outcome.thumbnail
        session.write_line()
        sampled = ev.Sampled(
            **session.record.stamp(outcome.sheet.step),
            path=outcome.path,
            tile=outcome.sheet.tile,
            rows=outcome.sheet.rows,
        )
        session.record.write(sampled)
        session.link.publish_sheet(encode(sampled), outcome.png)
