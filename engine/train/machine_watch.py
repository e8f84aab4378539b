"""What is known of the machine on the loop's side: judged by sentinels, and told of a step that was stuck."""

from __future__ import annotations

from msgspec.structs import replace

from engine.config.data import PairedData, UnpairedData
from engine.config.threads import usable_cores
from engine.data.free_memory import free_host_memory
from engine.data.paired import PairedImages
from engine.data.sooner import advise
from engine.data.unpaired import UnpairedImages
from engine.protocol import events as ev
from engine.protocol.machine import Stuck
from engine.sentinels.load import Load
from engine.sentinels.posts import DISK, machine_sentries
from engine.train.session import Session
from engine.train.stuck import DOING, StuckWatch
from engine.train.ticks import publish_tick
from engine.train.watching import watch

STUCK = "stuck"
"""The sentinel's name."""


def post_machine_sentinels(session: Session) -> None:
    """Set up what the preset wants to be watched of the machine."""
    config = session.config.sentinel
    session.machine_sentries = machine_sentries(config, _more_data(session))
    if config.stuck.action != "off":
        session.stuck = StuckWatch(
            session.run.name, config.stuck, session.steps, lambda stuck: _tell_viewers(session, stuck)
        )


def watch_machine(session: Session) -> None:
    """Have the sentinels look at the newest reading, once; and journal what a step that is over was stuck in.

    While the run is paused the disk is looked at alone: others may fill it, and nothing else is asked of the machine.
    """
    _tell_of_stuck_step(session)
    newest = session.machine.newest
    if newest is None or newest is session.machine_watched or session.state not in ("training", "paused"):
        return
    session.machine_watched = newest
    begun = max(0, session.resumed_step)
    reading = Load(
        machine=newest,
        spent=session.steps.spent(),
        checkpoint=session.saved_size,
        filling=session.source.cache is not None and session.progress.step - begun < session.steps_per_epoch,
    )
    paused = session.state == "paused"
    watch(session, [sentry for sentry in session.machine_sentries if not paused or sentry.name == DISK], reading)


def _tell_of_stuck_step(session: Session) -> None:
    stuck = session.stuck.over() if session.stuck is not None else None
    if stuck is None:
        return
    fact = f"took more than {stuck.seconds:,.0f} s, {stuck.usual:.3g} s are usual; it was {DOING[stuck.phase]}"
    session.open_alert(
        ev.Alert(
            **session.stamp(),
            subject="a step",
            fact=fact,
            fix="engine.log has where it was. Training goes on.",
            sentinel=STUCK,
            cause="A disk or a network share that did not answer, a machine that slept, or others that took it up.",
        )
    )
    session.close_alert(STUCK)


def _tell_viewers(session: Session, stuck: Stuck) -> None:
    """On the watch's thread: nothing is recorded, as the loop may be about to."""
    publish_tick(session, session.machine.newest, stuck)
    words = f"stuck: {DOING[stuck.phase]}, {stuck.seconds:,.0f} s in this step"
    session.link.report = replace(session.link.report, phase=words)


def _more_data(session: Session) -> str:
    """How the run could have its data sooner; empty for data that are in memory as it is."""
    data, images = session.config.data, session.source.images
    if not isinstance(data, UnpairedData | PairedData):
        return ""
    assert isinstance(images, UnpairedImages | PairedImages)
    return advise(
        session.run.name,
        data,
        images,
        kept=session.source.cache is not None,
        free=free_host_memory(),
        cores=usable_cores(),
        sharing=session.followers.seat.local_size,
    )
