"""What the sentinels find in a session is journaled, and done about as the preset says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, assert_never

from engine.config.controls import controls_of
from engine.config.sentinels import Action
from engine.protocol import events as ev
from engine.sentinels.finding import Finding
from engine.sentinels.sentry import Relief, Sentry
from engine.sentinels.suggestion import suggest
from engine.sentinels.vitals import Vitals
from engine.train.sentinels import watch_losses
from engine.train.session import Session

R = TypeVar("R")


def watch_line(session: Session) -> None:
    """Look at the newest line of metrics, once.

    Raises:
        WorkError: its losses are not finite, and the run is to end.
    """
    line, session.unwatched = session.unwatched, None
    if line is None:
        return
    watch_losses(session)
    watch(session, session.sentries, _vitals(session, line))


def watch(session: Session, sentries: Iterable[Sentry[R]], reading: R) -> None:
    """Have sentries look at a reading; what they find is told once, and what is over is told once.

    Args:
        session: the run at work.
        sentries: those for such readings.
        reading: of this step boundary, or of a line of metrics shortly before it.
    """
    for sentry in sentries:
        match sentry.look(reading, session.progress.step):
            case Finding() as finding:
                _tell(session, sentry.name, finding, sentry.action)
                _act(session, sentry.name, sentry.action)
            case Relief() as relief:
                session.close_alert(sentry.name, relief.subject)
            case None:
                pass


def _tell(session: Session, name: str, finding: Finding, action: Action) -> None:
    suggestion = suggest(
        finding.remedies, controls_of(session.config), session.panel.values, session.method.idle_controls
    )
    session.open_alert(
        ev.Alert(
            **session.stamp(),
            subject=finding.subject,
            fact=finding.fact,
            fix=finding.fix,
            sentinel=name,
            cause=finding.cause,
            suggestion=suggestion,
            action=action,
        )
    )


def _act(session: Session, name: str, action: Action) -> None:
    match action:
        case "warn":
            pass
        case "pause":
            if session.state != "paused":  # or the run would be held once more when a user continues it
                session.hold = f"sentinel {name}"
        case "stop":
            session.ending = f"sentinel {name}"
        case _ as never:
            assert_never(never)


def _vitals(session: Session, line: ev.Metrics) -> Vitals:
    return Vitals(
        step=line.step,
        losses=line.losses,
        objective=session.method.objective,
        health=line.health,
        factor=session.schedule.factor,
        regime=(tuple(line.weights.items()), tuple(session.method.idle_controls), bool(line.stage)),
        stage=bool(line.stage),
    )
