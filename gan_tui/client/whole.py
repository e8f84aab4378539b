"""A run's whole record at once, for commands that look at it and end."""

from __future__ import annotations

from engine.protocol.course import read_course
from engine.protocol.lineage import ancestry
from engine.protocol.rundir import RunDirectory, read_identity
from gan_tui.client.reading import read_past
from gan_tui.state.absorb import absorb
from gan_tui.state.history import History
from gan_tui.state.run_view import RunView, with_past


def whole_run(run: RunDirectory) -> tuple[RunView, History]:
    """What is known of a run, and its curves, with what its ancestors recorded up to it.

    Raises:
        WorkError: it is no run directory that can be read.
    """
    history = History()
    view = RunView(name=run.name, method=read_identity(run).method, link="record")
    *_, past = (view, *read_past(ancestry(run), history, sparse=False))
    return absorb(with_past(view, past), history, read_course(run)), history
