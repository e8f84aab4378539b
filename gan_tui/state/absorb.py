"""Moves a view and its history on together, fast enough for a record of a million lines."""

from __future__ import annotations

from collections.abc import Iterable

from engine.protocol.events import Event, Metrics, Resumed, Tick
from gan_tui.state.history import History
from gan_tui.state.run_view import RunView, apply, with_looks, with_reading


def absorb(view: RunView, history: History, messages: Iterable[Event | Tick]) -> RunView:
    """The view after messages in the order of their seq; history gets the metrics among them.

    Of consecutive metrics only the last reaches the view: the others would be overwritten at once, but for the looks of
    the newest contact sheet, which few lines have. What a resume made
    void leaves the history by its steps: of a course that goes on from step N every line up to N is true.
    """
    newest: Metrics | None = None
    measured: Metrics | None = None
    last_seq = view.last_seq
    for message in messages:
        if isinstance(message, Metrics):
            if message.seq > last_seq:
                last_seq = message.seq
                newest = message
                measured = message if message.machine is not None else measured
                history.record(message)
            continue
        if newest is not None:
            view = _with_metrics(view, history, newest, measured)
            newest = measured = None
        if isinstance(message, Resumed) and message.seq > last_seq:
            history.truncate_after(message.from_step)
        view = apply(view, message)
        last_seq = view.last_seq
    return view if newest is None else _with_metrics(view, history, newest, measured)


def _with_metrics(view: RunView, history: History, newest: Metrics, measured: Metrics | None) -> RunView:
    return with_looks(with_reading(apply(view, newest), measured), history.looks)
