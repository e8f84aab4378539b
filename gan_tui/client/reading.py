"""Reading records into histories, batch by batch: a branch's ancestors, and the whole of a record that was skimmed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from msgspec.structs import replace

from engine.protocol.events import Event
from engine.protocol.lineage import Ancestor, read_inherited
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory
from gan_tui.client.stream import BATCH, batch_of
from gan_tui.state.absorb import absorb
from gan_tui.state.history import History
from gan_tui.state.run_view import RunView


def read_past(ancestors: Sequence[Ancestor], history: History, *, sparse: bool) -> Iterator[RunView]:
    """What a branch's ancestors recorded up to it, after each batch as a view of its own; history gets the metrics.

    An ancestor whose record cannot be read adds nothing.
    """
    past = RunView(name="")
    for ancestor in ancestors:
        past = replace(past, last_seq=0)  # each record counts from 1
        events = read_inherited(ancestor, sparse=sparse)
        try:
            while batch := list(islice(events, BATCH)):
                past = absorb(past, history, batch)
                yield past
        except OSError:
            continue


def recorded_up_to(run: RunDirectory, last_seq: int, *, sparse: bool) -> Iterator[list[Event]]:
    """What a run's record holds up to an event, or samples of it, in batches."""
    events = takewhile(lambda event: event.seq <= last_seq, RecordReader(run, sparse=sparse).read())
    while batch := list(islice(events, BATCH)):
        yield batch


class FullReading:
    """Reads all that a sparse reading left out into a history of its own, while the run is followed meanwhile.

    Whoever follows the run has seen the record up to some event, and sees more by and by. The full reading takes in
    nothing beyond that event, and is complete when it has come that far: at that moment, between two messages of the
    stream, both know exactly the same events, and the history can take the other's place. None is lost, as the next
    message goes to the history that took over; none is doubled, as the reading has not seen it.
    """

    def __init__(self, run: RunDirectory, ancestors: Sequence[Ancestor]) -> None:
        self.history = History()
        self.stalled = False
        """Whether the files show nothing more, though what was seen goes further: lines that wait for room on a full
        disk are streamed before they are on file, and one that fails may be read again later."""
        self._past = read_past(ancestors, self.history, sparse=False)
        self._view = RunView(name="")
        self._reader = RecordReader(run)
        self._beyond: list[Event] = []
        """What was read already of what the follower has not seen yet."""

    def advance(self, seen: int) -> bool:
        """Read one batch more; returns whether the history holds all up to the event ``seen``, and nothing beyond."""
        if next(self._past, None) is not None:
            return False
        batch = self._beyond or batch_of(self._reader.read())[0]
        known = [event for event in batch if event.seq <= seen]
        self._beyond = batch[len(known) :]
        self._view = absorb(self._view, self.history, known)
        self.stalled = not batch
        return self._view.last_seq >= seen or bool(self._beyond)
