"""What a viewer knows of one run: an immutable value, and the pure function that moves it on by one event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from engine.config.controls import Control
from engine.protocol import events as ev
from engine.protocol.commands import Command, Reply
from engine.protocol.machine import Machine, StepTimes, Stuck
from gan_tui.state.health import Found, looked_anew, with_alert, with_recovery
from gan_tui.state.journal import JournalEntry, journal_entry
from gan_tui.state.machine import SAVES, Save, saved
from gan_tui.state.markers import MARKERS_LENGTH, Marker, marked, stands, still_made, tail, without_checkpoints
from gan_tui.state.nudges import Made, made

JOURNAL_LENGTH = 500
SHEETS_LENGTH = 500
NUDGES_LENGTH = 500
PHASES_LENGTH = 50
EXCHANGES_LENGTH = 20

Link: TypeAlias = Literal["reading", "connecting", "live", "record", "lost"]
"""Where the view comes from: the record being read, an engine being looked for, its stream, the record alone (the run
has ended), or the record of an engine that died without a word."""

Status: TypeAlias = ev.State | Literal["reading", "connecting", "lost"]
"""What the status line says: the engine's state, or why it is not known."""

ENDED: frozenset[ev.State] = frozenset({"stopped", "finished", "failed"})


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint that a branch grew from."""

    run: str
    """The parent's name, printable."""
    step: int

    @property
    def text(self) -> str:
        """As people write it: horse2zebra @ 12,000."""
        return f"{self.run} @ {self.step:,}"


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A command that this viewer sent, and what became of it."""

    id: str
    command: Command
    reply: Reply | None = None
    problem: str = ""
    """Why no answer came: the link's trouble, in words."""

    @property
    def waiting(self) -> bool:
        """Whether the answer is still to come."""
        return self.reply is None and not self.problem


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a dashboard draws except the curves, which are History's. Mappings in it are never changed."""

    name: str
    method: str = ""
    origin: Origin | None = None
    """Where a branch begins."""
    link: Link = "reading"
    link_detail: str = ""
    """Why the link is as it is, when there is something to say."""
    gone: bool = False
    """Whether the run's files were removed under this viewer: nothing is left to go on from."""

    state: ev.State = "starting"
    host: str = ""
    device: str = ""
    phases: tuple[ev.Phase, ...] = ()
    """Stages of the start-up in progress, or of the last one."""
    failure: ev.Failed | None = None

    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    epochs: int = 0
    images: int = 0
    throughput: float = 0.0
    """Steps a second; 0 while unknown."""
    data_wait: float = 0.0
    machine: Machine | None = None
    """The newest reading of the engine's machine."""
    machine_time: float = 0.0
    """The engine's time, in Unix seconds, when it was told."""
    stuck: Stuck | None = None
    """The step in progress, where it does not come to its end."""
    step_times: StepTimes | None = None
    """How long steps took lately."""
    saves: tuple[Save, ...] = ()
    """The newest checkpoints, as the disk sees them."""
    clock: float = 0.0
    """The engine's time, in Unix seconds, when it last said something."""
    lines_waiting: int = 0
    """Lines of the record that the engine cannot write: one that attached later than they were streamed lacks them."""
    save_failure: str = ""
    """Why the newest checkpoint could not be written."""
    stage: str = ""
    """What is trained before the method's own objective, and how far that is."""

    steps_per_epoch: int = 0
    objective: tuple[str, ...] = ()
    """The losses that the generators minimise, as far as the engine has said."""
    parameters: Mapping[str, int] = {}
    lr: Mapping[str, float] = {}
    """Effective learning rates: base times schedule."""
    rates: Mapping[str, str] = {}
    """Each of ``lr``'s names to the control that holds its base rate."""

    controls: tuple[Control, ...] = ()
    values: Mapping[str, float] = {}
    """Each control's value in force."""
    staged: tuple[ev.StagedChange, ...] = ()
    nudges: tuple[Made, ...] = ()
    """The newest changes of them on this course, undone ones and their undoing as well, oldest first."""
    weighed_by: Mapping[str, tuple[str, ...]] = {}
    """As in Announced."""

    viewer: str = ""
    """What this viewer calls itself; empty for one that does not steer."""
    holder: ev.Holder | None = None
    """Who holds control, as far as is known; None where it is free."""

    health: Mapping[str, float | None] = {}
    """What the sentinels go by, the newest of each."""
    found: tuple[Found, ...] = ()
    """What sentinels have found, oldest first, those included that are over."""

    journal: tuple[JournalEntry, ...] = ()
    sheets: tuple[ev.Sampled, ...] = ()
    markers: tuple[Marker, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    """The newest commands of this viewer with their answers, oldest first."""
    last_seq: int = 0
    """The newest recorded event in this view; events up to it are ignored when they come again."""

    @property
    def status(self) -> Status:
        """The one word for how the run is. What a record ends with is not believed while a new engine starts."""
        match self.link:
            case "reading" | "connecting" | "lost":
                return self.link
            case "live":
                return self.state
            case "record":  # of a run that has ended; the line that would say how may be damaged
                return self.state if self.state in ENDED else "lost"
            case _:
                assert_never(self.link)

    @property
    def ended(self) -> bool:
        """Whether no engine works on the run any more."""
        return self.status in (*ENDED, "lost")

    @property
    def held_by_other(self) -> ev.Holder | None:
        """The viewer that holds control, where it is another and the run goes on."""
        other = self.holder is not None and self.holder.viewer != self.viewer and not self.ended
        return self.holder if other else None

    @property
    def holds(self) -> bool:
        """Whether this viewer holds control."""
        return self.holder is not None and self.holder.viewer == self.viewer

    @property
    def remaining_seconds(self) -> float | None:
        """Time to the last step at the present pace; None when that cannot be said."""
        return None if self.ended else seconds_left(self.step, self.total_steps, self.throughput)

    def waiting_for(self, kind: type[Command]) -> bool:
        """Whether a command of that type has been sent and not yet answered."""
        return any(exchange.waiting and isinstance(exchange.command, kind) for exchange in self.exchanges)


def seconds_left(step: int, total: int, steps_a_second: float) -> float | None:
    """Time to the last step at a pace; None when that cannot be said."""
    return max(0, total - step) / steps_a_second if steps_a_second > 0 and total else None


def apply(view: RunView, message: ev.Event | ev.Tick) -> RunView:
    """The view after a message. Events already in it are ignored, so that record and stream may overlap."""
    if isinstance(message, ev.Tick):
        return _ticked(view, message)
    if message.seq <= view.last_seq:
        return view
    entry = journal_entry(message, origin=_origin_in(view, message))
    return replace(
        view,
        **{
            "last_seq": message.seq,
            "clock": message.time,
            "step": max(view.step, message.step),
            "journal": view.journal if entry is None else tail(view.journal, entry, JOURNAL_LENGTH),
            "stuck": None,  # whatever is recorded, the loop has recorded
            **_changes(view, message, "" if entry is None else entry.text),
        },
    )


def with_past(view: RunView, past: RunView) -> RunView:
    """The view of a branch with what its ancestors' records show up to it: their markers, nudges and sheets."""
    markers = (*(replace(marker, seq=0) for marker in past.markers), *view.markers)
    sheets = (*past.sheets, *view.sheets)
    nudges = (*(replace(nudge, seq=0) for nudge in past.nudges), *view.nudges)
    return replace(
        view, markers=markers[-MARKERS_LENGTH:], sheets=sheets[-SHEETS_LENGTH:], nudges=nudges[-NUDGES_LENGTH:]
    )


def with_looks(view: RunView, looks: Mapping[str, float | None]) -> RunView:
    """How the newest contact sheet looks, from the line that told it."""
    if all(name in view.health and view.health[name] == value for name, value in looks.items()):
        return view
    return replace(view, health={**view.health, **looks})


def with_reading(view: RunView, line: ev.Metrics | None) -> RunView:
    """The view with the reading of the machine that a line of metrics has, if it is given and has one."""
    return view if line is None else replace(view, **_read(line))


def with_link(view: RunView, link: Link, detail: str = "", *, gone: bool = False) -> RunView:
    """The view with another source."""
    same = (view.link, view.link_detail, view.gone) == (link, detail, gone)
    return view if same else replace(view, link=link, link_detail=detail, gone=gone)


def with_holder(view: RunView, holder: ev.Holder | None) -> RunView:
    """The view after the engine has said who holds control."""
    return view if view.holder == holder else replace(view, holder=holder)


def with_request(view: RunView, request_id: str, command: Command) -> RunView:
    """The view after this viewer sent a command."""
    exchange = Exchange(id=request_id, command=command)
    return replace(view, exchanges=tail(view.exchanges, exchange, EXCHANGES_LENGTH))


def with_reply(view: RunView, reply: Reply) -> RunView:
    """The view after an answer; an answer to an unknown request changes nothing.

    A refusal that names no request is what an engine of another version says to what it cannot read: it is the answer
    to all that waits, since it will not read the rest either.
    """
    if reply.id or reply.refusal is None:
        return _answered(view, reply.id, reply=reply)
    refusal = replace(reply.refusal, fix="It is of another version than this dashboard: steer it with gan-tui ctl.")
    for exchange in view.exchanges:
        if exchange.waiting:
            view = _answered(view, exchange.id, reply=replace(reply, id=exchange.id, refusal=refusal))
    return view


def with_unanswered(view: RunView, request_id: str, problem: str) -> RunView:
    """The view after it is clear that no answer will come."""
    return _answered(view, request_id, problem=problem)


def _answered(view: RunView, request_id: str, *, reply: Reply | None = None, problem: str = "") -> RunView:
    exchanges = tuple(
        replace(exchange, reply=reply, problem=problem) if exchange.id == request_id and exchange.waiting else exchange
        for exchange in view.exchanges
    )
    return view if exchanges == view.exchanges else replace(view, exchanges=exchanges)


def _ticked(view: RunView, tick: ev.Tick) -> RunView:
    if tick.last_seq < view.last_seq or view.state in ENDED:
        return view
    return replace(
        view,
        step=tick.step,
        epoch=tick.epoch,
        throughput=tick.throughput if tick.state == "training" else view.throughput,
        state=tick.state,
        clock=tick.time,
        lines_waiting=tick.lines_waiting,
        save_failure=tick.save_failure,
        stage=tick.stage,
        stuck=tick.stuck,
        **_read(tick),
        holder=tick.holder,
    )


def _changes(view: RunView, event: ev.Event, text: str) -> dict[str, Any]:
    """The fields that an event gives new values, beyond those that every event does.

    Args:
        view: as it was before.
        event: what has happened.
        text: what the journal says of it.
    """
    match event:
        case ev.Metrics():
            return _measured(view, event)
        case ev.Started():
            return {
                "state": "starting", "phases": (), "failure": None, "staged": (), "host": event.host,
                "lines_waiting": 0, "save_failure": "", "holder": None,
                "found": looked_anew(view.found, event.step),
            }  # fmt: skip
        case ev.Phase():
            return {"phases": tail(view.phases, event, PHASES_LENGTH), "state": "starting"}
        case ev.Announced():
            return _announced(event)
        case ev.Training():
            return {"state": "training"}
        case ev.StageDone():
            return {"stage": ""}
        case ev.Nudged():
            return _nudged(view, event, text)
        case ev.Staged():
            change = ev.StagedChange(at_step=event.at_step, values=event.values, by=event.by, why=event.why)
            return {"staged": (*view.staged, change)}
        case ev.Paused():
            return {"state": "paused"}
        case ev.Continued():
            return {"state": "training"}
        case ev.Checkpointed():
            kept = without_checkpoints(view.markers, event.removed)
            return {
                "markers": marked(kept, event, "checkpoint", text, step=event.saved_step),
                "saves": tail(view.saves, saved(event), SAVES),
            }
        case ev.Sampled():
            return {"sheets": tail(view.sheets, event, SHEETS_LENGTH)}
        case ev.Evaluated():
            return {}
        case ev.Resumed():
            return _resumed(view, event, text)
        case ev.Alert():
            return {"markers": marked(view.markers, event, "alert", text), "found": with_alert(view.found, event)}
        case ev.Recovered():
            return {"found": with_recovery(view.found, event)}
        case ev.Note():
            return {"markers": marked(view.markers, event, "note", text)}
        case ev.TakenOver():
            return {}
        case ev.Failed():
            return {"state": "failed", "failure": event}
        case ev.Stopped():
            return {"state": "stopped"}
        case ev.Finished():
            return {"state": "finished"}
        case _:
            assert_never(event)


def _measured(view: RunView, event: ev.Metrics) -> dict[str, Any]:
    return {
        "staged": tuple(staged for staged in view.staged if staged.at_step >= event.step),
        "epoch": event.epoch,
        "images": event.images,
        "lr": event.lr,
        "throughput": event.throughput,
        "data_wait": event.data_wait,
        "stage": event.stage,
        "health": {**view.health, **event.health} if event.health else view.health,
        **_read(event),
    }


def _read(message: ev.Metrics | ev.Tick) -> dict[str, Any]:
    """What a reading of the machine changes; how long steps took is kept where it comes without."""
    machine = message.machine
    if machine is None:
        return {}
    found: dict[str, Any] = {"machine": machine, "machine_time": message.time}
    return found if machine.steps is None else {**found, "step_times": machine.steps}


def _announced(event: ev.Announced) -> dict[str, Any]:
    return {
        "controls": event.controls,
        "values": event.values,
        "epochs": event.epochs,
        "total_steps": event.total_steps,
        "steps_per_epoch": event.steps_per_epoch,
        "objective": event.objective,
        "staged": event.staged,
        "rates": event.rates,
        "weighed_by": event.weighed_by,
        "device": event.device,
        "parameters": event.parameters,
    }


def _nudged(view: RunView, event: ev.Nudged, text: str) -> dict[str, Any]:
    moved = {change.name: change.new for change in event.changes}
    return {
        "values": {**view.values, **moved},
        "staged": tuple(staged for staged in view.staged if staged.at_step > event.step),
        "markers": marked(view.markers, event, "nudge", text),
        "nudges": tail(view.nudges, made(event), NUDGES_LENGTH),
    }


def _resumed(view: RunView, event: ev.Resumed, text: str) -> dict[str, Any]:
    still_true = tuple(marker for marker in view.markers if stands(marker, event))
    mark = Marker(step=event.from_step, kind="resume", seq=event.seq, text=text)
    return {
        "step": event.from_step,
        "markers": tail(still_true, mark, MARKERS_LENGTH),
        "sheets": tuple(sheet for sheet in view.sheets if sheet.step <= event.from_step),
        "nudges": tuple(nudge for nudge in view.nudges if still_made(nudge.step, nudge.seq, event)),
    }


def _origin_in(view: RunView, message: ev.Event) -> str:
    """Where a branch begins, when this is the event that says so."""
    if view.origin is None or not isinstance(message, ev.Resumed):
        return ""
    begins = message.from_seq == 0 and message.from_step == view.origin.step
    return view.origin.text if begins else ""
