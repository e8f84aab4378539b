"""The stages of start-up, told to the journal and to whoever asks."""

from __future__ import annotations

import msgspec

from engine.link import Link
from engine.protocol import events as ev
from engine.record import Record


class StopRequestedError(Exception):
    """The engine is asked to end before it has begun to train; the argument says by whom."""


def enter_phase(record: Record, link: Link, name: str, detail: str = "") -> None:
    """A stage of start-up begins.

    Raises:
        StopRequestedError: a signal has asked for the end, and there is nothing to save yet.
    """
    if link.interrupted_by:
        raise StopRequestedError(link.interrupted_by)
    record.write(ev.Phase(**record.stamp(link.report.step), name=name, detail=detail))
    link.report = msgspec.structs.replace(link.report, phase=name, last_seq=record.last_seq)
