"""The engine process: ``python -m engine RUN_DIR`` trains a run until it ends or is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import zmq

from engine.config.geometry import check_geometry
from engine.config.load import read_toml, resolve
from engine.config.methods import TrainConfig
from engine.config.techniques import check_techniques
from engine.errors import GanTuiError, RequestError, WorkError
from engine.link import Envelope, Link
from engine.out_of_memory import advice, is_out_of_memory
from engine.phases import StopRequestedError, enter_phase
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.commands import Report
from engine.protocol.record import newest_on_file
from engine.protocol.rundir import RunDirectory, engine_lock, versions
from engine.protocol.runtime import new_endpoints, remove_stale
from engine.record import Record, Standing

log = logging.getLogger("engine")

PATIENCE = 2
"""Signals that are answered with order; the one after them is not."""


def main(arguments: list[str]) -> int:
    """Train one run; returns the exit status: 0 ended well, 1 failed, 2 the request was wrong."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    if len(arguments) != 1:
        log.error("usage: python -m engine RUN_DIR")
        return 2
    run = RunDirectory(Path(arguments[0]).resolve())
    try:
        if not run.identity.is_file():
            raise RequestError(
                str(run.root), "is no run directory: it has no run.json", "Make one: gan-tui train PRESET"
            )
        with engine_lock(run):
            return _serve(run)
    except GanTuiError as error:
        log.error("%s", error.one_line())
        return error.exit_code


def _serve(run: RunDirectory) -> int:
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
        status = _train(run, record, standing, link)
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


def _train(run: RunDirectory, record: Record, standing: Standing, link: Link) -> int:
    # OpenMP's threads spin while they wait for one another; with any neighbour on the cores that made a step 10 to 100
    # times slower here, against 1.6 times at most from waiting quietly on an idle machine (docs/results.md).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    config: TrainConfig | None = None
    try:
        config = resolve(read_toml(run.config), str(run.config))
        check_geometry(config)
        check_techniques(config)
        enter_phase(record, link, "importing", "PyTorch")
        # Here, so that viewers find a process that answers while PyTorch takes its seconds to import.
        from engine.train.loop import train
        from engine.train.setup import open_session

        ending = train(open_session(run, config, record, standing, link))
    except StopRequestedError as request:
        log.info("%s before the first step", request)
        record.write(ev.Stopped(**record.stamp(_last_step(run)), by=str(request), saved=False))
        standing.enter("stopped")
        return 0
    except GanTuiError as error:
        log.exception("the run ended by an error")
        _fail(record, standing, f"{error.subject}: {error.fact}", error.fix)
        return error.exit_code
    except Exception as error:
        log.exception("the run ended by an unexpected error")
        _fail(record, standing, *_reason(error, run, config))
        return 1
    log.info("%s at step %d", ending.value, link.report.step)
    return 0


def _reason(error: Exception, run: RunDirectory, config: TrainConfig | None) -> tuple[str, str]:
    """One line on what happened, and what to do."""
    first_line = (str(error).splitlines() or [""])[0]
    if config is not None and is_out_of_memory(error):
        return f"memory is full: {first_line}", advice(config, run)
    return f"{type(error).__name__}: {first_line}", f"The traceback is in {run.log}."


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

    SIGHUP is ignored. During start-up, where nothing is to be saved, the next stage ends it.
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
