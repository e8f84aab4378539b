"""What a session tells: metrics, its state, the answer to Status, ticks, and that the disk or the clock fails."""

from __future__ import annotations

from msgspec.structs import replace

from engine.config.architecture import networks_in_words
from engine.config.controls import controls_of
from engine.config.weighing import weighed_by
from engine.methods.method import Stage
from engine.protocol import events as ev
from engine.protocol.commands import Report
from engine.protocol.machine import Machine
from engine.train.machine_watch import watch_machine
from engine.train.session import LineUnderWay, Session
from engine.train.ticks import publish_tick, stage_of
from engine.train.watching import watch_line

TICK_SECONDS = 0.5
CLOCK_JUMP_SECONDS = 30.0
"""A difference between the wall clock and the monotonic one that is worth a word."""


def enter(session: Session, state: ev.State) -> None:
    """Enter a state, in run.json and for whoever asks."""
    session.state = state
    session.standing.enter(state)
    refresh_report(session)


def announce(session: Session, device: str) -> None:
    """Tell what can be seen and steered."""
    parameters = {
        name: sum(tensor.numel() for tensor in network.parameters())
        for name, network in session.method.networks.items()
    }
    announced = ev.Announced(
        **session.stamp(),
        controls=controls_of(session.config),
        values=dict(session.panel.values),
        staged=session.panel.staged,
        rates=dict(session.method.base_rates),
        components=session.method.components,
        objective=session.method.objective,
        epochs=session.epochs,
        steps_per_epoch=session.steps_per_epoch,
        total_steps=session.total_steps,
        device=device,
        ranks=session.followers.seat.size,
        parameters=parameters,
        weighed_by={
            name: controls for name, controls in weighed_by(session.config).items() if name in session.method.components
        },
        networks=networks_in_words(session.config),
    )
    session.record.write(announced)


def refresh_report(session: Session) -> None:
    """Renew what Status is answered with."""
    session.link.report = Report(
        run=session.run.name,
        state=session.state,
        phase=session.phase or stage_of(session),
        step=session.progress.step,
        total_steps=session.total_steps,
        epoch=session.epoch,
        epochs=session.epochs,
        throughput=round(session.throughput, 4),
        controls=dict(session.panel.values),
        staged=session.panel.staged,
        lr=session.rates,
        losses=session.losses,
        last_seq=session.record.last_seq,
        lines_waiting=session.record.waiting,
        save_failure=session.save_failure,
        alerts=tuple(session.open_alerts.values()),
    )


def tick(session: Session) -> None:
    """A few times a second at most: say where the loop is, and look whether disk and clock are as they should be."""
    if not session.clock.passed(TICK_SECONDS):
        return
    watch_disk(session)
    _watch_witness(session)
    _watch_clock(session)
    watch_machine(session)
    _watch_gateway(session)
    publish_tick(session, _machine_to_tell(session))


def _watch_gateway(session: Session) -> None:
    """Journal that other machines are not answered any more, or were not for a moment."""
    if session.gateway is None or not (how := session.gateway.died()):
        return
    anew = session.gateway.answers
    fact = f"{'were not answered for a moment' if anew else 'are not answered any more'}: the gateway ended {how}"
    again = "It is started anew." if anew else f"The next engine starts it: gan-tui resume {session.run.name}"
    session.alert("viewers on other machines", fact, f"Training goes on. {again}")


def begin_line(session: Session) -> None:
    """Drain the meters into a line of metrics, which is written once its losses have come from the device.

    What else it says, and its place in the record, are those of this step boundary.

    Raises:
        WorkError: the losses of the line before are not finite, and the run is to end.
    """
    finish_line(session)
    session.throughput = session.pace.throughput
    metrics = ev.Metrics(
        **session.stamp(),
        epoch=session.epoch,
        images=session.progress.images,
        losses={},
        lr=session.rates,
        weights=_loss_weights(session),
        throughput=round(session.throughput, 4),
        data_wait=round(session.pace.data_wait, 4),
        stage=stage_of(session),
        figures=session.figures,
        machine=_machine_to_record(session),
    )
    looks, session.looks = session.looks, None
    session.figures = {}
    session.line = LineUnderWay(said=metrics, drained=session.meters.drain(session.to_host), looks=looks)
    session.pace.restart()


def settle_line(session: Session) -> None:
    """Write the line of metrics that is under way if its losses are there; never waits for them.

    Raises:
        WorkError: they are not finite, and the run is to end.
    """
    if session.line is not None and session.line.done:
        session.write_line()
    watch_line(session)


def finish_line(session: Session) -> None:
    """Wait for the line of metrics that is under way, and write it.

    Raises:
        WorkError: its losses are not finite, and the run is to end.
    """
    session.write_line()
    watch_line(session)


def tell_of_stage(session: Session, stage: Stage) -> None:
    """Journal that what was trained before the method's own objective is done, and what it came to."""
    stamp = session.stamp()  # first, as a line that is under way is what it came to
    session.record.write(ev.StageDone(**stamp, stage=stage.name, losses=session.losses))


def watch_disk(session: Session) -> None:
    """Try again what the disk did not take, and journal when it stops and when it begins again to take lines."""
    record = session.record
    record.flush()
    session.standing.flush()
    if record.trouble is not None and not session.disk_full:
        session.disk_full = True
        fact = f"cannot be written ({record.trouble.strerror}); its lines wait in memory, and training goes on"
        session.alert("the record", fact, "Make room on the disk. Until then no checkpoint can be saved.")
    elif record.trouble is None and session.disk_full:
        session.disk_full = False
        session.alert("the record", f"is written again; {record.late:,} lines had waited")


def _watch_witness(session: Session) -> None:
    witness = session.record.witness
    if witness is not None and witness.trouble:
        session.record.witness = None
        session.alert("TensorBoard's event files", witness.trouble, "Training goes on, and the record has everything.")


def _watch_clock(session: Session) -> None:
    jump = session.clock.jump()
    if abs(jump) >= CLOCK_JUMP_SECONDS:
        way = "forward" if jump > 0 else "back"
        fact = f"went {way} by {abs(jump):,.0f} s; times in the record do too"
        session.alert("the machine's clock", fact, "Nothing depends on it; steps order the record.")


def _machine_to_record(session: Session) -> Machine | None:
    """The newest reading, once, with the steps since the one that was recorded before: these begin anew."""
    newest = session.machine.newest
    if newest is None or newest is session.machine_recorded:
        return None
    session.machine_recorded = newest
    steps = session.steps.summary()
    session.steps.clear()
    return replace(newest, steps=steps)


def _machine_to_tell(session: Session) -> Machine | None:
    """The newest reading, once, with the steps since the one that was recorded last."""
    newest = session.machine.newest
    if newest is None or newest is session.machine_told:
        return None
    session.machine_told = newest
    return replace(newest, steps=session.steps.summary())


def _loss_weights(session: Session) -> dict[str, float]:
    return {name.removeprefix("loss."): value for name, value in session.loss_weights.items()}
