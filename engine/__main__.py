"""The engine process: ``python -m engine RUN_DIR`` trains a run until it ends or is told to stop.

``--gpus N`` overrides run.gpus. Under torchrun every process is given the same arguments: that of rank 0 leads, and is
the engine of which the record tells; the others follow (engine.following).
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn, Self

import zmq
from msgspec.structs import replace

from engine.config.evaluation_check import check_evaluation
from engine.config.geometry import check_geometry
from engine.config.load import read_toml, resolve
from engine.config.methods import TrainConfig
from engine.config.ranks import check_ranks
from engine.config.sinks import check_sinks
from engine.config.techniques import check_techniques
from engine.config.threads import wait_briefly
from engine.errors import GanTuiError, RequestError, WorkError
from engine.failure import reason_and_fix
from engine.following import follow_to_the_end
from engine.imports import nothing_is_garbage
from engine.link import Envelope, Link
from engine.phases import StopRequestedError, enter_phase
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.commands import Report
from engine.protocol.record import newest_on_file
from engine.protocol.rundir import RunDirectory, engine_lock, versions
from engine.protocol.runtime import new_endpoints, remove_stale
from engine.ranks.followers import Followers
from engine.ranks.meeting import Rendezvous, announce, rendezvous_of
from engine.ranks.seat import Seat, seat_of
from engine.record import Record, Standing
from engine.remote.child import GatewayChild

log = logging.getLogger("engine")

PATIENCE = 2
"""Signals that are answered with order; the one after them is not."""
LAST_WORD_SECONDS = 10.0
"""How long an engine that is stuck may take to record why it ends."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How this process was started."""

    run: RunDirectory
    gpus: int | None = None
    """Those asked for instead of the configuration's."""
    seat: Seat | None = None
    """Its place among processes that others have started; None where it was started by itself."""

    @classmethod
    def of(cls, arguments: list[str]) -> Self:
        """Raises RequestError."""
        match arguments:
            case [root]:
                return cls(run=RunDirectory(Path(root).resolve()), seat=seat_of(os.environ))
            case [root, "--gpus", number] if number.isdecimal() and int(number):
                seat = seat_of(os.environ)
                if seat is not None and seat.size != int(number):
                    fact = f"is not WORLD_SIZE={seat.size}, and the processes are started already"
                    raise RequestError(f"--gpus {number}", fact, "Leave one of the two out.")
                return cls(run=RunDirectory(Path(root).resolve()), gpus=int(number), seat=seat)
            case _:
                raise RequestError("the arguments", "are not as they should be", "python -m engine RUN_DIR [--gpus N]")

    def seat_for(self, config: TrainConfig) -> Seat:
        """The leader's place: that which it was given, or the first of as many as the run has GPUs."""
        number = self.gpus or config.run.gpus
        return self.seat or Seat(size=number, local_size=number)


def main(arguments: list[str]) -> int:
    """Train one run; returns the exit status: 0 ended well, 1 failed, 2 the request was wrong."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        launch = Launch.of(arguments)
        if launch.seat is not None and launch.seat.rank > 0:
            return follow_to_the_end(launch.run, launch.seat)
        if not launch.run.identity.is_file():
            raise RequestError(
                str(launch.run.root), "is no run directory: it has no run.json", "Make one: gan-tui train PRESET"
            )
        with engine_lock(launch.run):
            return _serve(launch)
    except GanTuiError as error:
        log.error("%s", error.one_line())
        return error.exit_code


def _serve(launch: Launch) -> int:
    run = launch.run
    standing = Standing(run)
    with Record(run) as record:
        try:
            link = _open_link(run, standing)
        except GanTuiError as error:
            _fail(record, standing, f"{error.subject}: {error.fact}", error.fix)
            standing.update(exit_status=error.exit_code, endpoints=None, pid=None)
            raise
        record.publish = link.publish
        host = standing.identity.host
        record.write(ev.Started(**record.stamp(0), pid=os.getpid(), host=host))
        with contextlib.ExitStack() as beside:
            status = _train(launch, record, standing, link, beside)
            standing.update(exit_status=status, endpoints=None, pid=None)
        link.close()
    return status


def _open_link(run: RunDirectory, standing: Standing) -> Link:
    if standing.identity.endpoints:
        remove_stale(standing.identity.endpoints)
    link = Link(new_endpoints(), _first_report(run))
    _heed_signals(link)
    # Named before they are bound, so that whatever happens the next engine knows which socket files to remove.
    standing.update(
        state="starting", pid=os.getpid(), host=socket.gethostname(), endpoints=link.endpoints,
        versions=versions(), reason="", exit_status=None,
    )  # fmt: skip
    try:
        link.open()
    except (OSError, zmq.ZMQError) as error:
        fix = "Set XDG_RUNTIME_DIR to a folder of yours."
        raise WorkError(link.endpoints.commands, f"cannot be listened on ({error})", fix) from error
    return link


def _train(launch: Launch, record: Record, standing: Standing, link: Link, beside: contextlib.ExitStack) -> int:
    """Train to the end; what is to outlast training by a moment is closed with ``beside``."""
    run = launch.run
    wait_briefly(os.environ)
    config: TrainConfig | None = None
    try:
        config = resolve(read_toml(run.config), str(run.config))
        check_geometry(config)
        check_techniques(config)
        check_sinks(config.log)
        check_evaluation(config)
        seat = launch.seat_for(config)
        config = replace(config, run=replace(config.run, gpus=seat.size))
        check_ranks(config.run, seat.size)
        meeting = beside.enter_context(rendezvous_of(run.root, seat, by_torchrun=launch.seat is not None))
        gateway = beside.enter_context(contextlib.closing(GatewayChild(run, config.run.listen)))
        enter_phase(record, link, "importing", "PyTorch")
        # Here, so that viewers find a process that answers while PyTorch takes its seconds to import.
        with nothing_is_garbage():
            from engine.train.loop import train
            from engine.train.setup import open_session

        if config.log.tensorboard:
            from engine.event_files import EventFiles

            record.witness = beside.enter_context(contextlib.closing(EventFiles(run)))
        _tell_of_trouble(record, gateway)
        followers = beside.enter_context(contextlib.closing(_met(meeting, launch, record, standing)))
        session = open_session(run, config, record, standing, link, followers)
        if session.stuck is not None:
            session.stuck.end = partial(end_stuck, record, standing)
        session.gateway = gateway
        ending = train(session)
    except StopRequestedError as request:
        log.info("%s before the first step", request)
        record.write(ev.Stopped(**record.stamp(_last_step(run)), by=str(request), saved=False))
        standing.enter("stopped")
        _answer_at_the_end(link)
        return 0
    except GanTuiError as error:
        log.exception("the run ended by an error")
        _fail(record, standing, f"{error.subject}: {error.fact}", error.fix)
        return error.exit_code
    except Exception as error:
        log.exception("the run ended by an unexpected error")
        _fail(record, standing, *reason_and_fix(error, run, config))
        return 1
    log.info("%s at step %d", ending.value, link.report.step)
    return 0


def _answer_at_the_end(link: Link) -> None:
    """Tell those who wait for the first step that there is none; the stop itself is obeyed."""
    for envelope in link.mailbox.take():
        request, step = envelope.request, link.report.step
        told = cmd.Reply(version=cmd.SCHEMA_VERSION, id=request.id, step=step, message="stops before the first step")
        if not isinstance(request.command, cmd.Stop):
            refusal = cmd.Refusal(subject="the engine", fact="ends before the first step: it was asked to stop", fix="")
            told = replace(told, message="", refusal=refusal)
        link.reply(envelope, told)


def _met(meeting: Rendezvous | None, launch: Launch, record: Record, standing: Standing) -> Followers:
    """The other ranks, once all are here; none where the run has one process."""
    if meeting is None:
        return Followers()
    if launch.seat is not None:
        announce(meeting)
    followers = meeting.admit_all(f"Go on from its newest checkpoint: gan-tui resume {launch.run.name}")

    followers.when_stuck(partial(end_stuck, record, standing))
    return followers


def end_stuck(record: Record, standing: Standing, loss: GanTuiError) -> None:
    """In another thread than the loop's, which waits on the device for a rank that is lost: tell of that, and end.

    Should the loop be slow rather than stuck, the record's lock keeps their lines apart; whatever holds that lock, the
    process ends.
    """
    threading.Timer(LAST_WORD_SECONDS, os._exit, (loss.exit_code,)).start()
    try:
        _fail(record, standing, f"{loss.subject}: {loss.fact}", loss.fix)
        standing.update(exit_status=loss.exit_code, endpoints=None, pid=None)
    except Exception:
        log.exception("the run's end could not be recorded")
    finally:
        os._exit(loss.exit_code)


def _tell_of_trouble(record: Record, gateway: GatewayChild) -> None:
    if trouble := gateway.trouble():
        fact = f"are not answered: {trouble}"
        stamp = record.stamp(_last_step(record.run))
        record.write(ev.Alert(**stamp, subject="viewers on other machines", fact=fact, fix="Training goes on."))


def _fail(record: Record, standing: Standing, reason: str, fix: str) -> None:
    try:
        record.write(ev.Failed(**record.stamp(_last_step(record.run)), reason=reason, fix=fix))
    except WorkError:
        log.exception("the journal cannot be written; run.json has the reason")
    standing.enter("failed", reason=f"{reason}. {fix}" if fix else reason)


def _last_step(run: RunDirectory) -> int:
    return max((event.step for event in newest_on_file(run)), default=0)


def _first_report(run: RunDirectory) -> Report:
    return Report(
        run=run.name, state="starting", phase="starting", step=0, total_steps=0, epoch=0, epochs=0, throughput=0.0,
        controls={}, staged=(), lr={}, losses={}, last_seq=0,
    )  # fmt: skip


def _heed_signals(link: Link) -> None:
    """SIGTERM and SIGINT save and stop at the next step boundary, a second one does not save, a third ends at once.

    SIGHUP is ignored. During start-up, where nothing is to be saved, the next stage ends it, or the next drawing.
    """
    received: list[int] = []

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > PATIENCE:
            os._exit(128 + number)
        link.interrupted_by = signal.Signals(number).name
        command = cmd.Stop(how="save" if len(received) == 1 else "discard")
        request = cmd.Request(version=cmd.SCHEMA_VERSION, id="", by=signal.Signals(number).name, command=command)
        link.mailbox.insist(Envelope(b"", request))

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)


def _end(status: int) -> NoReturn:
    """End the process; at once where a process group is left, as a GPU that waits for a lost rank would hold it."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_initialized():
        logging.shutdown()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    _end(main(sys.argv[1:]))
