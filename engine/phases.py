"""The stages of start-up, told to the journal and to whoever asks."""

from __future__ import annotations

import msgspec

from engine.link import Link
from engine.protocol import events as ev
from engine.record import Record


class StopRequestedError(Exception):
    """The engine is asked to end before it has begun to train; the argument says by whom."""


def heed_stop(link: Link) -> None:
    """Between two stages, or within a long one: end where that is asked for.

    Raises:
        StopRequestedError: a signal asks for the end, or a viewer that does not want to wait for an epoch's; there is
            nothing to save yet.
    """
    if by := link.interrupted_by or link.mailbox.end_asked_by:
        raise StopRequestedError(by)


def enter_phase(record: Record, link: Link, name: str, detail: str = "") -> None:
    """A stage of start-up begins.

    Raises:
        StopRequestedError: as heed_stop.
    """
    heed_stop(link)
    record.write(ev.Phase(**record.stamp(link.report.step), name=name, detail=detail))
    link.report = msgspec.structs.replace(link.report, phase=name, last_seq=record.last_seq)
