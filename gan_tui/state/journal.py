"""The journal as a person reads it: one line of text for each event worth telling."""

from __future__ import annotations

from typing import Literal, TypeAlias, assert_never

import msgspec

from engine.protocol import events as ev
from engine.sizes import size_text
from gan_tui.state.figures import figures_in_words
from gan_tui.state.plain_text import printable

JournalKind: TypeAlias = Literal["life", "nudge", "pause", "checkpoint", "alert", "recovered", "note", "error"]

COMPUTED = 4
"""Digits of a number that nobody has typed."""


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal; ``text`` is plain and printable, from whatever source, never markup."""

    seq: int
    time: float
    step: int
    kind: JournalKind
    text: str


def journal_entry(event: ev.Event, *, origin: str = "") -> JournalEntry | None:
    """What the journal says of an event; None for one that only moves curves and pictures.

    Args:
        event: what happened.
        origin: where the run begins, for the resume that a branch begins with.
    """
    told = _tell(event)
    if told is None:
        return None
    kind, text = told
    if origin:
        text = f"branched from {origin}"
    return JournalEntry(seq=event.seq, time=event.time, step=event.step, kind=kind, text=printable(text))


def number(value: float, digits: int = 6) -> str:
    """A number as people write it: 10, 0.5, 0.00126, 2e-4.

    Args:
        value: what a person has set, unless ``digits`` says otherwise.
        digits: significant ones, to which all but whole numbers are rounded; for what was computed, ``COMPUTED``.
    """
    kept = value if value == int(value) else float(f"{value:.{digits}g}")
    if kept and (abs(kept) < 1e-3 or abs(kept) >= 1e7):
        mantissa, exponent = f"{kept:.{digits - 1}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{kept:.0f}" if kept == int(kept) else f"{kept:.{digits}g}"


def finding_text(alert: ev.Alert, suggestion: str, since: str = "") -> str:
    """A sentinel's alert as a line: what it has found, and what may help.

    Args:
        alert: what it told.
        suggestion: the nudge that it suggests, in words; its fix is told where there is none.
        since: since when, to be told as well.
    """
    way = f"Suggested: {suggestion}" if suggestion else alert.fix
    return _sentence(f"{alert.sentinel}{since and f' since {since}'}", f"{alert.subject} {alert.fact}", way)


def _tell(event: ev.Event) -> tuple[JournalKind, str] | None:
    match event:
        case ev.Metrics() | ev.Phase() | ev.Sampled():
            return None
        case ev.Announced():
            return _networks(event)
        case ev.Started():
            return "life", f"engine started on {event.host}, pid {event.pid}"
        case ev.Training():
            return "life", "training began"
        case ev.StageDone():
            return "life", _done(event)
        case ev.Nudged():
            return "nudge", _nudged(event)
        case ev.Staged():
            return "nudge", f"staged for step {event.at_step:,}: {_settings(event)} ({event.by}){_why(event.why)}"
        case ev.Paused():
            return "pause", f"paused ({event.by})"
        case ev.Continued():
            return "pause", f"continued ({event.by})"
        case ev.Checkpointed():
            took = f"{size_text(event.size)}, {event.seconds:.1f} s"
            return "checkpoint", f"checkpoint step {event.saved_step:,} ok, {took}"
        case ev.Evaluated():
            return "checkpoint", _evaluated(event)
        case ev.Resumed():
            return "life", f"resumed from {event.checkpoint or f'step {event.from_step:,}'}"
        case ev.Alert():
            return "alert", alert_text(event)
        case ev.Recovered():
            return "recovered", f"{event.sentinel} is over: {event.subject}"
        case ev.Note():
            return "note", f"{event.text} ({event.by})"
        case ev.TakenOver():
            where = f" ({event.where})" if event.where else ""
            return "life", f"{event.by}{where} took control over from {event.before}"
        case ev.Failed():
            return "error", event.reason + (f". {event.fix}" if event.fix else "")
        case ev.Stopped():
            return "life", f"stopped ({event.by}), " + ("checkpoint saved" if event.saved else "nothing saved")
        case ev.Finished():
            return "life", "finished: the last step is done"
        case _:
            assert_never(event)


def _networks(event: ev.Announced) -> tuple[JournalKind, str] | None:
    if not event.networks:
        return None
    return "life", "; ".join(f"{name}: {words}" for name, words in event.networks.items())


def _done(event: ev.StageDone) -> str:
    losses = ", ".join(
        f"{name} {'nan' if value is None else number(value, COMPUTED)}" for name, value in event.losses.items()
    )
    return f"{event.stage} is done: {losses}" if losses else f"{event.stage} is done"


def _evaluated(event: ev.Evaluated) -> str:
    best = f"; the best {event.best_by} so far" if event.best_by else ""
    images = max(event.conditions.images_A, event.conditions.images_B)
    return f"evaluated on {images:,} images, {event.seconds:.1f} s: {figures_in_words(event.figures, ', ')}{best}"


def _nudged(event: ev.Nudged) -> str:
    moves = ", ".join(f"{change.name} {number(change.old)} → {number(change.new)}" for change in event.changes)
    undo = "undo: " if event.undoes is not None else ""
    return f"{undo}{moves} ({event.by}){_why(event.why)}"


def alert_text(event: ev.Alert) -> str:
    """What a sentinel does beside telling, and where its cause is told, is left to the list of alerts."""
    if not event.sentinel:
        return _sentence(event.subject, event.fact, event.fix)
    done = {"warn": "", "pause": " The run is held.", "stop": " The run is saved and ended."}[event.action]
    told = finding_text(event, ", ".join(f"{name} {number(value)}" for name, value in event.suggestion.items()))
    return f"{told}{'' if told.endswith('.') else '.'}{done}" if done else told


def _settings(event: ev.Staged) -> str:
    return ", ".join(f"{name} {number(value)}" for name, value in event.values.items())


def _why(why: str) -> str:
    return f": {why}" if why else ""


def _sentence(subject: str, fact: str, fix: str) -> str:
    return f"{subject}: {fact}" + (f". {fix}" if fix else "")
