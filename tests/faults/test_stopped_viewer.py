"""A viewer that is stopped, as by Ctrl-Z or a suspended laptop, holds up nothing, and is up to date when it wakes."""

from __future__ import annotations

from pathlib import Path

import psutil
import zmq

from engine.link import EVENTS_HIGH_WATER_MARK
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.codec import decode_reply, encode
from engine.protocol.rundir import RunDirectory
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND
from tests.runs import Engine, engine_of, events_of, make_run, metrics_of
from tests.until import PATIENCE, until

MISSED = EVENTS_HIGH_WATER_MARK + 500
"""Events recorded while the viewer is stopped: more than its queue holds."""
BATCH = 500


def test_training_goes_on_and_the_viewer_catches_up(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs")
    with engine_of(run) as engine, Terminal([*COMMAND, "attach", str(run.root)]) as terminal:
        terminal.wait_for("TRAINING", "loss.cycle_a")
        viewer = viewer_of(run)
        viewer.suspend()
        until(lambda: viewer.status() == psutil.STATUS_STOPPED, "the stop of the viewer")

        begun = metrics_of(run)[-1].step
        write_notes(engine, MISSED)
        engine.until_step(begun + 20)
        assert viewer.status() == psutil.STATUS_STOPPED

        engine.ask(cmd.Pause())
        newest = metrics_of(run)[-1].step
        viewer.resume()
        terminal.wait_for("PAUSED", f"{newest:,}", f"note {MISSED - 1}")
        engine.ask(cmd.WriteNote(text="after it woke"))
        terminal.wait_for("after it woke")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    assert len(events_of(run, ev.Note)) == MISSED + 1


def viewer_of(run: RunDirectory) -> psutil.Process:
    """The process of the dashboard that this test started."""
    [viewer] = [child for child in psutil.Process().children() if child.cmdline()[-2:] == ["attach", str(run.root)]]
    return viewer


def write_notes(engine: Engine, number: int) -> None:
    """Have notes journaled, and return when all are: the step loop answers them whoever listens."""
    endpoints = engine.identity.endpoints
    assert endpoints is not None
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.set(zmq.LINGER, 0)
        socket.connect(endpoints.commands)
        for begin in range(0, number, BATCH):
            batch = range(begin, min(begin + BATCH, number))
            for place in batch:
                note = cmd.WriteNote(text=f"note {place}")
                socket.send(encode(cmd.Request(version=cmd.SCHEMA_VERSION, id=str(place), by="test", command=note)))
            for _ in batch:
                assert socket.poll(int(PATIENCE * 1000)), "no answer"
                assert decode_reply(socket.recv()).refusal is None
